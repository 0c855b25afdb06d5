{# Counts, amounts and durations of the columns are zero or more; null is allowed. One test for all
   columns of a model: a test costs 30 ms of a run, and a model has a dozen such columns. #}
{% test none_negative(model, columns) %}
select {{ columns | join(', ') }}
from {{ model }}
where least({{ columns | join(', ') }}) < 0
{% endtest %}
