select
    tenant_id,
    business_day,
    amocrm_lead_id,
    amocrm_contact_id,
    is_main
from {{ source('raw', 'amocrm_lead_contacts') }}
