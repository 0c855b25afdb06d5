select
    tenant_id,
    amocrm_account_id,
    {{ blank_to_null("payload ->> 'name'") }} as account_name,
    upper({{ blank_to_null("payload ->> 'currency'") }}) as currency_code,
    fetched_at
from {{ source('raw', 'amocrm_accounts') }}
