{# A view reads with the rights and row policies of who asks, not of who made it: otherwise a view
   of the migrating role would show every tenant to everybody. #}
{% macro postgres__create_view_as(relation, sql) -%}
    create view {{ relation }}
    with (security_invoker = true)
    as (
        {{ sql }}
    );
{%- endmacro %}
