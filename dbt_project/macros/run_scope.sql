{#
    Which rows a run concerns: one tenant and a list of its business days, given by --vars.
    The values are written into the SQL as literals, so that partitions are pruned when the query is
    planned. Views must not use these macros: they are created once, for everybody.
#}

{% macro run_tenant_id() -%}
    {%- set tenant_id = var('tenant_id') | string | lower -%}
    {%- if not modules.re.fullmatch('[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}', tenant_id) -%}
        {{ exceptions.raise_compiler_error("tenant_id is not a uuid: " ~ tenant_id) }}
    {%- endif -%}
    {{ return(tenant_id) }}
{%- endmacro %}

{# The run's days as date objects, each followed back by look_back_days, without repeats. #}
{% macro run_days(look_back_days=0) -%}
    {%- set days = [] -%}
    {%- for text in var('business_days') -%}
        {%- set day = modules.datetime.date.fromisoformat(text | string) -%}
        {%- for back in range(look_back_days + 1) -%}
            {%- do days.append(day - modules.datetime.timedelta(days=back)) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(days | unique | sort) }}
{%- endmacro %}

{% macro of_run_tenant(alias=none) -%}
    {{ alias ~ '.' if alias }}tenant_id = '{{ run_tenant_id() }}'::uuid
{%- endmacro %}

{% macro in_run_scope(alias=none, look_back_days=0) -%}
    {%- set days = run_days(look_back_days) -%}
    {%- if days -%}
        {{ of_run_tenant(alias) }}
        and {{ alias ~ '.' if alias }}business_day in (
            {%- for day in days -%}'{{ day }}'::date{{ ', ' if not loop.last }}{%- endfor -%}
        )
    {%- else -%}
        false
    {%- endif -%}
{%- endmacro %}

{# What a test reads: the run's tenant and days; without days, the tenant's whole history; without a tenant, all. #}
{% macro in_test_scope(alias=none, has_business_day=true, look_back_days=0) -%}
    {%- if has_business_day and run_days() -%}
        {{ in_run_scope(alias, look_back_days) }}
    {%- elif run_tenant_id() != '00000000-0000-0000-0000-000000000000' -%}
        {{ of_run_tenant(alias) }}
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}
