{# One row per combination of the columns, which are the model's key and never null. #}
{% test unique_grain(model, columns) %}
{% set key = columns | join(', ') %}
select {{ key }}
from {{ model }}
group by {{ key }}
having count(*) > 1 or {{ columns | join(' is null or ') }} is null
{% endtest %}
