{# Every key of the column is one of the parent's rows of the same tenant and business day. #}
{% test has_parent(model, column_name, parent) %}
with children as (
    select
        tenant_id,
        business_day,
        {{ column_name }}
    from {{ model }}
)

select children.{{ column_name }}
from children
where
    children.{{ column_name }} is not null
    and not exists (
        select 1
        from {{ parent }} as parents
        where
            parents.tenant_id = children.tenant_id
            and parents.business_day = children.business_day
            and parents.{{ column_name }} = children.{{ column_name }}
    )
{% endtest %}
