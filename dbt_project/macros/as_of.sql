{#
    The version of an observed entity that held at an instant: the latest one before it; when all stored
    versions are later, the earliest. Give the rows of one entity by `condition`; the primary key of the
    raw table finds them, so the cost is that of the rows asked for, not of the history.
#}
{% macro order_by_as_of(updated_at, as_of) -%}
    order by
        ({{ updated_at }} < {{ as_of }}) desc,
        case when {{ updated_at }} < {{ as_of }} then {{ updated_at }} end desc,
        {{ updated_at }}
    limit 1
{%- endmacro %}

{# One lead as of an instant. A tombstone carries no fields, so these come from the version before it. #}
{% macro lead_as_of(tenant_id, amocrm_lead_id, as_of) -%}
    select
        versions.lead_name,
        versions.amocrm_pipeline_id,
        versions.amocrm_status_id,
        versions.amocrm_user_id,
        versions.price_amount,
        versions.created_at,
        versions.closed_at,
        versions.updated_at,
        versions.amocrm_loss_reason_id,
        versions.loss_reason_name
    from {{ ref('stg_amocrm__leads') }} as versions
    where
        versions.tenant_id = {{ tenant_id }}
        and versions.amocrm_lead_id = {{ amocrm_lead_id }}
        and not versions.is_deleted
    {{ order_by_as_of('versions.updated_at', as_of) }}
{%- endmacro %}

{# Whether the latest version of a lead before an instant is a tombstone. #}
{% macro lead_deleted_as_of(tenant_id, amocrm_lead_id, as_of) -%}
    coalesce((
        select versions.is_deleted
        from {{ ref('stg_amocrm__leads') }} as versions
        where
            versions.tenant_id = {{ tenant_id }}
            and versions.amocrm_lead_id = {{ amocrm_lead_id }}
            and versions.updated_at < {{ as_of }}
        order by versions.updated_at desc, versions.is_deleted desc
        limit 1
    ), false)
{%- endmacro %}
