select
    tenant_id,
    amocrm_loss_reason_id,
    {{ blank_to_null("payload ->> 'name'") }} as loss_reason_name
from {{ source('raw', 'amocrm_loss_reasons') }}
