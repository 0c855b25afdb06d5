{{ config(materialized='view') }}

select
    tenant_id,
    business_day,
    radist_chat_id,
    radist_message_id,
    direction,
    message_type,
    message_text,
    sent_at
from {{ ref('stg_radist__messages') }}
