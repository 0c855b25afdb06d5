{# Counts, amounts and durations of the column are zero or more; null is allowed. #}
{% test not_negative(model, column_name) %}
select {{ column_name }}
from {{ model }}
where {{ column_name }} < 0
{% endtest %}
