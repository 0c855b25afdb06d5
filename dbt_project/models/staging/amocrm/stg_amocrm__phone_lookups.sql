select
    tenant_id,
    business_day,
    phone_e164,
    cardinality(amocrm_contact_ids) as contacts_count,
    fetched_at
from {{ source('raw', 'amocrm_phone_lookups') }}
