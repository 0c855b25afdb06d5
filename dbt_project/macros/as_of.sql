{#
    The version of an observed entity that held at an instant: the latest one before it; when all stored
    versions are later, the earliest. Give the rows of one entity by `condition`; the primary key of the
    raw table finds them, so the cost is that of the rows asked for, not of the history. The day that
    stored a version plays no part, so re-reading other days moves nothing.
#}
{% macro order_by_as_of(versions, as_of) -%}
    order by
        ({{ versions }}.updated_at < {{ as_of }}) desc,
        case when {{ versions }}.updated_at < {{ as_of }} then {{ versions }}.updated_at end desc,
        {{ versions }}.updated_at,
        {{ observation_as_of(versions, as_of) | indent(8) }}
    limit 1
{%- endmacro %}

{#
    One version was seen to differ without a new updated_at. What was read within ten seconds of the change
    may have missed another of that second, so any later sight replaces it (storage/raw_merge.py reckons with
    the same ten). Else what had been seen by the instant holds, the latest of it; what is seen to differ only
    afterwards does not change an answer already given. Nothing seen by then: the first sight.
#}
{% macro observation_as_of(versions, as_of) -%}
    (
        {{ versions }}.updated_at < {{ as_of }}
        and {{ versions }}.fetched_at < {{ versions }}.updated_at + interval '10 seconds'
    ),
    ({{ versions }}.fetched_at < {{ as_of }}) desc,
    case when {{ versions }}.fetched_at < {{ as_of }} then {{ versions }}.fetched_at end desc,
    {{ versions }}.fetched_at
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
        versions.loss_reason_name,
        versions.contact_links
    from {{ ref('stg_amocrm__leads') }} as versions
    where
        versions.tenant_id = {{ tenant_id }}
        and versions.amocrm_lead_id = {{ amocrm_lead_id }}
        and not versions.is_deleted
    {{ order_by_as_of('versions', as_of) }}
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
        order by
            versions.updated_at desc,
            {{ observation_as_of('versions', as_of) | indent(12) }},
            versions.is_deleted desc
        limit 1
    ), false)
{%- endmacro %}
