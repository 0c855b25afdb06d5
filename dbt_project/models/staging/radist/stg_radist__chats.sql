select
    tenant_id,
    business_day,
    radist_chat_id,
    radist_contact_id,
    radist_connection_id,
    {{ blank_to_null("phone_e164") }} as phone_e164,
    {{ blank_to_null("payload #>> '{contact,contact_name}'") }} as contact_name,
    {{ blank_to_null("payload ->> 'connection_type'") }} as connection_type,
    coalesce({{ text_to_boolean("payload #>> '{contact,is_group}'") }}, false) as is_group
from {{ source('raw', 'radist_chats') }}
