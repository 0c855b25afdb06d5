with source as (
    select
        tenant_id,
        business_day,
        amocrm_contact_id,
        updated_at,
        fetched_at,
        payload
    from {{ source('raw', 'amocrm_contacts') }}
)

select
    tenant_id,
    business_day,
    amocrm_contact_id,
    updated_at,
    {{ blank_to_null("payload ->> 'name'") }} as contact_name,
    {{ text_to_bigint("payload ->> 'responsible_user_id'") }} as amocrm_user_id,
    {{ text_to_timestamp("payload ->> 'created_at'") }} as created_at,
    coalesce({{ text_to_boolean("payload ->> 'is_deleted'") }}, false) as is_deleted,
    fetched_at
from source
