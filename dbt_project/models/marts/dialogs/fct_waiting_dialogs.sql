{{ config(indexes=[{'columns': ['tenant_id', 'business_day', 'radist_chat_id'], 'unique': true}]) }}

with days as materialized (
    select
        tenant_id,
        business_day,
        window_end,
        working_time,
        reads_amocrm
    from {{ ref('int_calendar__day_windows') }}
    where
        {{ in_run_scope() }}
        and reads_radist
),

-- One turn at most is open at a day's end: later turns begin after the answer, thus after the day.
waiting as materialized (
    select
        days.tenant_id,
        days.business_day,
        days.window_end,
        days.reads_amocrm,
        turns.radist_chat_id,
        min(turns.first_customer_message_at) as waiting_since_at
    from days
    inner join {{ ref('int_dialogs__turns') }} as turns
        on
            days.tenant_id = turns.tenant_id
            and turns.business_day between days.business_day - 7 and days.business_day
            and (turns.answered_business_day is null or turns.answered_business_day > days.business_day)
    group by days.tenant_id, days.business_day, days.window_end, days.reads_amocrm, turns.radist_chat_id
),

-- The chat as it was last seen; it may have been silent on the day itself.
chats as materialized (
    select distinct on (waiting.tenant_id, waiting.business_day, waiting.radist_chat_id)
        waiting.tenant_id,
        waiting.business_day,
        waiting.radist_chat_id,
        waiting.window_end,
        waiting.reads_amocrm,
        seen.contact_name,
        seen.phone_e164,
        seen.connection_type
    from waiting
    inner join {{ ref('stg_radist__chats') }} as seen
        on
            waiting.tenant_id = seen.tenant_id
            and waiting.radist_chat_id = seen.radist_chat_id
            and seen.business_day between waiting.business_day - 7 and waiting.business_day
    where {{ in_run_scope('seen', look_back_days=7) }}
    order by waiting.tenant_id asc, waiting.business_day asc, waiting.radist_chat_id asc, seen.business_day desc
),

managers as materialized (
    {{ responsible_managers('chats') | indent(4) }}
),

active_chats as (
    select distinct
        tenant_id,
        business_day,
        radist_chat_id
    from {{ ref('stg_radist__messages') }}
    where {{ in_run_scope() }}
)

select
    waiting.tenant_id,
    waiting.business_day,
    waiting.radist_chat_id,
    chats.contact_name,
    chats.phone_e164,
    chats.connection_type,
    waiting.waiting_since_at,
    {{ calendar_minutes('waiting.waiting_since_at', 'waiting.window_end') }} as waiting_calendar_minutes,
    {{ working_minutes('waiting.waiting_since_at', 'waiting.window_end', 'days.working_time') | indent(4) }}
        as waiting_working_minutes,
    active_chats.radist_chat_id is not null as is_active_in_day,
    last_words.message_text as last_customer_text,
    managers.amocrm_lead_id,
    managers.amocrm_user_id
from waiting
inner join days using (tenant_id, business_day)
left join chats using (tenant_id, business_day, radist_chat_id)
left join managers using (tenant_id, business_day, radist_chat_id)
left join active_chats using (tenant_id, business_day, radist_chat_id)
left join lateral (
    select messages.message_text
    from {{ ref('stg_radist__messages') }} as messages
    where
        {{ in_run_scope('messages', look_back_days=7) }}
        and messages.radist_chat_id = waiting.radist_chat_id
        and messages.sent_at >= waiting.waiting_since_at
        and messages.business_day <= waiting.business_day
        and messages.direction = 'inbound'
        and messages.message_text is not null
    order by messages.sent_at desc, messages.radist_message_id collate "C" desc  -- noqa: RF03
    limit 1
) as last_words on true
