select
    tenant_id,
    amocrm_contact_id,
    is_deleted,
    fetched_at
from {{ source('raw', 'amocrm_contact_sightings') }}
