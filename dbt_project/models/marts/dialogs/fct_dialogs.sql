{{ config(indexes=[{'columns': ['tenant_id', 'business_day', 'radist_chat_id'], 'unique': true}]) }}

with dialogs as (
    select
        tenant_id,
        business_day,
        radist_chat_id,
        count(*) filter (where direction = 'inbound') as messages_in_count,
        count(*) filter (where direction = 'outbound') as messages_out_count,
        min(sent_at) as first_message_at,
        max(sent_at) as last_message_at,
        (
            array_agg(message_text order by sent_at desc, radist_message_id collate "C" desc)
            filter (where direction = 'inbound' and message_text is not null)
        )[1] as last_customer_text
    from {{ ref('stg_radist__messages') }}
    where {{ in_run_scope() }}
    group by tenant_id, business_day, radist_chat_id
),

chats as (
    select *
    from {{ ref('stg_radist__chats') }}
    where {{ in_run_scope() }}
),

first_replies as (
    select
        tenant_id,
        business_day,
        radist_chat_id,
        reply_calendar_minutes,
        reply_working_minutes
    from {{ ref('fct_replies') }}
    where
        {{ in_run_scope() }}
        and is_first_of_day
),

waiting as (
    select
        tenant_id,
        business_day,
        radist_chat_id,
        waiting_since_at,
        waiting_calendar_minutes,
        waiting_working_minutes
    from {{ ref('fct_waiting_dialogs') }}
    where {{ in_run_scope() }}
),

of_crm as materialized (
    select
        tenant_id,
        business_day,
        radist_chat_id,
        amocrm_lead_id,
        amocrm_user_id,
        crm_status,
        is_in_crm
    from {{ ref('int_dialogs__crm_statuses') }}
)

select
    dialogs.tenant_id,
    dialogs.business_day,
    dialogs.radist_chat_id,
    chats.radist_contact_id,
    chats.contact_name,
    chats.phone_e164,
    chats.radist_connection_id,
    chats.connection_type,
    coalesce(chats.is_group, false) as is_group,
    dialogs.messages_in_count,
    dialogs.messages_out_count,
    dialogs.first_message_at,
    dialogs.last_message_at,
    first_replies.reply_calendar_minutes as first_reply_calendar_minutes,
    first_replies.reply_working_minutes as first_reply_working_minutes,
    waiting.radist_chat_id is not null as is_unanswered,
    waiting.waiting_since_at,
    waiting.waiting_calendar_minutes,
    waiting.waiting_working_minutes,
    dialogs.last_customer_text,
    of_crm.amocrm_lead_id,
    of_crm.amocrm_user_id,
    of_crm.crm_status,
    of_crm.is_in_crm
from dialogs
left join chats using (tenant_id, business_day, radist_chat_id)
left join first_replies using (tenant_id, business_day, radist_chat_id)
left join waiting using (tenant_id, business_day, radist_chat_id)
left join of_crm using (tenant_id, business_day, radist_chat_id)
inner join {{ ref('stg_synkro__business_days') }} as days
    on
        dialogs.tenant_id = days.tenant_id
        and dialogs.business_day = days.business_day
        and {{ in_run_scope('days') }}
        and days.reads_radist
