{# Schemas are fixed names of the platform, so a model's schema is taken as it is written. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
