{# Durations in minutes, always as calendar and working-hours twins, with four decimals. #}

{% macro calendar_minutes(started_at, ended_at) -%}
    round(extract(epoch from {{ ended_at }} - {{ started_at }}) / 60, 4)
{%- endmacro %}

{# The part of [started_at, ended_at) that lies in working_time, the day's tstzmultirange of working hours. #}
{% macro working_minutes(started_at, ended_at, working_time) -%}
    case
        when {{ started_at }} is not null and {{ ended_at }} is not null then (
            select coalesce(round(sum(extract(epoch from upper(worked.span) - lower(worked.span))) / 60, 4), 0)
            from unnest(
                {{ working_time }}
                * tstzmultirange(tstzrange({{ started_at }}, greatest({{ started_at }}, {{ ended_at }})))
            ) as worked (span)
        )
    end
{%- endmacro %}
