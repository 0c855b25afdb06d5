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

{#
    One lead as of an instant. A tombstone carries no fields, so these come from the version before it. The
    stage is that of the last change before the instant where the version is older than it or from afterwards.
    What was closed later was not closed then, and what is not lost has no reason; nothing tells what else a later
    version has changed.
#}
{% macro lead_as_of(tenant_id, amocrm_lead_id, as_of) -%}
    select
        version.lead_name,
        stage.amocrm_pipeline_id,
        stage.amocrm_status_id,
        version.amocrm_user_id,
        version.price_amount,
        version.created_at,
        case when version.closed_at < {{ as_of }} then version.closed_at end as closed_at,
        version.updated_at,
        case when version.updated_at < {{ as_of }} or stage.amocrm_status_id = 143 then version.amocrm_loss_reason_id end
            as amocrm_loss_reason_id,
        case when version.updated_at < {{ as_of }} or stage.amocrm_status_id = 143 then version.loss_reason_name end
            as loss_reason_name,
        version.contact_links
    from (values (true)) as asked (is_asked)
    left join lateral (
        select versions.*
        from {{ ref('stg_amocrm__leads') }} as versions
        where
            versions.tenant_id = {{ tenant_id }}
            and versions.amocrm_lead_id = {{ amocrm_lead_id }}
            and not versions.is_deleted
        {{ order_by_as_of('versions', as_of) | indent(8) }}
    ) as version on true
    left join lateral (
        {{ last_event_as_of(['lead_status_changed'], tenant_id, amocrm_lead_id, as_of) | indent(8) }}
    ) as change
        on
            version.updated_at is null
            or version.updated_at >= {{ as_of }}
            or version.updated_at <= change.created_at
    cross join lateral (
        select
            coalesce(change.to_pipeline_id, version.amocrm_pipeline_id) as amocrm_pipeline_id,
            coalesce(change.to_status_id, version.amocrm_status_id) as amocrm_status_id
    ) as stage
{%- endmacro %}

{#
    Whether a lead is in the trash at an instant: what was last heard of it by then, by an event or by a
    version. A lead that came back before its day was read shows no tombstone; its events still tell.
#}
{% macro lead_deleted_as_of(tenant_id, amocrm_lead_id, as_of) -%}
    coalesce((
        select heard.is_deleted
        from (
            (
                select
                    versions.is_deleted,
                    versions.updated_at as heard_at,
                    false as is_event
                from {{ ref('stg_amocrm__leads') }} as versions
                where
                    versions.tenant_id = {{ tenant_id }}
                    and versions.amocrm_lead_id = {{ amocrm_lead_id }}
                    and versions.updated_at < {{ as_of }}
                order by
                    versions.updated_at desc,
                    {{ observation_as_of('versions', as_of) | indent(20) }},
                    versions.is_deleted desc
                limit 1
            )
            union all
            select
                event.event_type = 'lead_deleted' as is_deleted,
                event.created_at as heard_at,
                true as is_event
            from (
                {{ last_event_as_of(['lead_deleted', 'lead_restored'], tenant_id, amocrm_lead_id, as_of) | indent(16) }}
            ) as event
        ) as heard
        order by
            heard.heard_at desc,
            heard.is_event desc
        limit 1
    ), false)
{%- endmacro %}

{# The last event of these types that a lead had before an instant. #}
{% macro last_event_as_of(event_types, tenant_id, amocrm_lead_id, as_of) -%}
    select
        events.event_type,
        events.created_at,
        events.to_pipeline_id,
        events.to_status_id
    from {{ ref('stg_amocrm__events') }} as events
    where
        events.tenant_id = {{ tenant_id }}
        and events.entity_id = {{ amocrm_lead_id }}
        and events.entity_type = 'lead'
        and events.event_type in ('{{ event_types | join("', '") }}')
        and events.created_at < {{ as_of }}
    order by
        events.created_at desc,
        events.amocrm_event_id collate "C" desc
    limit 1
{%- endmacro %}

{#
    Whether a contact was gone at an instant, by what had been noticed then. When it went nobody tells: an
    earlier day still has it.
#}
{% macro contact_deleted_as_of(tenant_id, amocrm_contact_id, as_of) -%}
    coalesce((
        select sightings.is_deleted
        from {{ ref('stg_amocrm__contact_sightings') }} as sightings
        where
            sightings.tenant_id = {{ tenant_id }}
            and sightings.amocrm_contact_id = {{ amocrm_contact_id }}
            and sightings.fetched_at < {{ as_of }}
        order by sightings.fetched_at desc
        limit 1
    ), false)
{%- endmacro %}

{# One contact as of an instant; `updated_at` and `fetched_at` tell which version's phones are its. #}
{% macro contact_as_of(tenant_id, amocrm_contact_id, as_of) -%}
    select
        versions.contact_name,
        versions.amocrm_user_id,
        versions.updated_at,
        versions.fetched_at
    from {{ ref('stg_amocrm__contacts') }} as versions
    where
        versions.tenant_id = {{ tenant_id }}
        and versions.amocrm_contact_id = {{ amocrm_contact_id }}
        -- A later day's lookup may have stored whom the CRM did not know yet.
        and (versions.created_at is null or versions.created_at < {{ as_of }})
    {{ order_by_as_of('versions', as_of) }}
{%- endmacro %}
