{#
    The incremental strategy of all marts: the run's tenant and days are deleted, then inserted, in the
    transaction that dbt has opened. A day that became empty is empty; a rerun leaves the same rows.
#}
{% macro get_incremental_tenant_days_sql(arg_dict) -%}
    {%- set columns = get_quoted_csv(arg_dict['dest_columns'] | map(attribute='name')) -%}
    delete from {{ arg_dict['target_relation'] }}
    where {{ in_run_scope() }};

    insert into {{ arg_dict['target_relation'] }} ({{ columns }})
    select {{ columns }}
    from {{ arg_dict['temp_relation'] }}
{%- endmacro %}
