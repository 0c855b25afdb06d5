with source as (
    select
        tenant_id,
        business_day,
        amocrm_event_id,
        event_type,
        entity_type,
        entity_id,
        created_at,
        payload,
        coalesce(
            payload #> '{value_before,0,lead_status}', payload #> '{value_before,lead_status}'
        ) as status_before,
        coalesce(
            payload #> '{value_after,0,lead_status}', payload #> '{value_after,lead_status}'
        ) as status_after
    from {{ source('raw', 'amocrm_events') }}
)

select
    tenant_id,
    business_day,
    amocrm_event_id,
    event_type,
    entity_type,
    entity_id,
    created_at,
    {{ text_to_bigint("payload ->> 'created_by'") }} as created_by_amocrm_user_id,
    {{ text_to_bigint("status_before ->> 'pipeline_id'") }} as from_pipeline_id,
    {{ text_to_bigint("status_before ->> 'id'") }} as from_status_id,
    {{ text_to_bigint("status_after ->> 'pipeline_id'") }} as to_pipeline_id,
    {{ text_to_bigint("status_after ->> 'id'") }} as to_status_id
from source
