{#
    What a data test sees of its model: the rows in the test's scope. Whether a model has business_day is
    read from its described columns, so no catalogue query is needed. A test's own `where` narrows further.
#}
{% macro postgres__get_where_subquery(relation) -%}
    {%- set described = [] -%}
    {%- for node in (graph.nodes.values() if execute else []) if node.resource_type == 'model' -%}
        {%- if node.alias == relation.identifier and node.schema == relation.schema -%}
            {%- do described.extend(node.columns.keys()) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set condition = in_test_scope(has_business_day='business_day' in described) | trim -%}
    {%- set where = config.get('where') -%}
    {%- set filtered -%}
        (select * from {{ relation }} where {{ condition }}{{ ' and (' ~ where ~ ')' if where }}) as dbt_subquery
    {%- endset -%}
    {{ return(filtered) }}
{%- endmacro %}
