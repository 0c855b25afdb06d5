{# Every key of the column is one of the parent's rows of the same tenant and business day. #}
{% test has_parent(model, column_name, parent) %}
select
    tenant_id,
    business_day,
    {{ column_name }}
from {{ model }}
where {{ column_name }} is not null
except
select
    tenant_id,
    business_day,
    {{ column_name }}
from {{ parent }}
where {{ in_test_scope() }}
{% endtest %}
