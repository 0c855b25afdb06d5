select distinct
    tenant_id,
    amocrm_contact_id,
    contact_updated_at,
    fetched_at,
    value_normal as phone_e164
from {{ source('raw', 'amocrm_contact_channels') }}
where
    kind = 'phone'
    and value_normal is not null
