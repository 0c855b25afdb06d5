{# Casts of provider JSON that give null, never an error, when a field has an unexpected form. #}

{% macro text_to_bigint(text) -%}
    case when {{ text }} ~ '^-?[0-9]{1,18}([.][0-9]+)?$' then round(({{ text }})::numeric)::bigint end
{%- endmacro %}

{# Unix seconds. Eleven digits end in the year 5138, far below what PostgreSQL can hold. #}
{% macro text_to_timestamp(text) -%}
    case when {{ text }} ~ '^[0-9]{1,11}$' then to_timestamp(({{ text }})::bigint) end
{%- endmacro %}

{% macro text_to_boolean(text) -%}
    case lower({{ text }}) when 'true' then true when '1' then true when 'false' then false when '0' then false end
{%- endmacro %}

{% macro blank_to_null(text) -%}
    nullif(btrim({{ text }}), '')
{%- endmacro %}

{# Wall times of a working interval; "24:00" is the midnight that ends the date. #}
{% macro text_to_time(text) -%}
    case when {{ text }} ~ '^([01]?[0-9]|2[0-3]):[0-5][0-9]$|^24:00$' then ({{ text }})::time end
{%- endmacro %}
