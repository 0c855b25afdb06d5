with source as (
    select
        tenant_id,
        business_day,
        amocrm_lead_id,
        updated_at,
        is_deleted,
        fetched_at,
        payload
    from {{ source('raw', 'amocrm_leads') }}
)

select
    tenant_id,
    business_day,
    amocrm_lead_id,
    updated_at,
    is_deleted,
    {{ blank_to_null("payload ->> 'name'") }} as lead_name,
    {{ text_to_bigint("payload ->> 'pipeline_id'") }} as amocrm_pipeline_id,
    {{ text_to_bigint("payload ->> 'status_id'") }} as amocrm_status_id,
    {{ text_to_bigint("payload ->> 'responsible_user_id'") }} as amocrm_user_id,
    {{ text_to_bigint("payload ->> 'price'") }} as price_amount,
    {{ text_to_timestamp("payload ->> 'created_at'") }} as created_at,
    {{ text_to_timestamp("payload ->> 'closed_at'") }} as closed_at,
    {{ text_to_bigint("payload ->> 'loss_reason_id'") }} as amocrm_loss_reason_id,
    {{ blank_to_null("payload #>> '{_embedded,loss_reason,0,name}'") }} as loss_reason_name,
    case
        when jsonb_typeof(payload #> '{_embedded,contacts}') = 'array' then payload #> '{_embedded,contacts}'
    end as contact_links,
    fetched_at
from source
