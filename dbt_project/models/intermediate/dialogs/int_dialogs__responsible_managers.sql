{# Reads its chats several times, which would keep a view from seeing the run's filter. #}
{{ config(materialized='ephemeral') }}

with chats as (
    select
        chats.tenant_id,
        chats.business_day,
        chats.radist_chat_id,
        chats.phone_e164,
        days.window_end,
        days.reads_amocrm
    from {{ ref('stg_radist__chats') }} as chats
    inner join {{ ref('stg_synkro__business_days') }} as days
        on
            chats.tenant_id = days.tenant_id
            and chats.business_day = days.business_day
    where {{ in_run_scope('chats') }}
)

{{ responsible_managers('chats') }}
