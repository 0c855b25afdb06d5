select
    tenant_id,
    amocrm_user_id,
    {{ blank_to_null("payload ->> 'name'") }} as manager_name,
    {{ blank_to_null("payload ->> 'email'") }} as email,
    coalesce({{ text_to_boolean("payload #>> '{rights,is_active}'") }}, true) as is_active
from {{ source('raw', 'amocrm_users') }}
