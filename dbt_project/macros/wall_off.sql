{#
    Puts what was just built behind the tenants' wall: a rebuilt table would stand there without its policies, a
    view without its grants. A tenant-day builds nothing anew, and runs as a role that owns nothing.
#}
{% macro wall_off() -%}
    {%- if not run_days() -%}
    select app.wall_off(
        '{{ this }}'::regclass,
        pipeline => 'select',
        console => 'select',
        dbt => '{{ 'select' if model.config.materialized == 'view' else 'select, insert, update, delete' }}',
        readonly => 'select'
    )
    {%- endif -%}
{%- endmacro %}
