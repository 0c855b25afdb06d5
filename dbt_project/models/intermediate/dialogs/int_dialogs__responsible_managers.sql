{# Reads its chats several times, which would keep a view from seeing the run's filter. #}
{{ config(materialized='ephemeral') }}

with chats as (
    select
        chats.tenant_id,
        chats.business_day,
        chats.radist_chat_id,
        chats.phone_e164,
        day_windows.window_end
    from {{ ref('stg_radist__chats') }} as chats
    inner join {{ ref('int_calendar__day_windows') }} as day_windows
        on
            chats.tenant_id = day_windows.tenant_id
            and chats.business_day = day_windows.business_day
    where {{ in_run_scope('chats') }}
)

{{ responsible_managers('chats') }}
