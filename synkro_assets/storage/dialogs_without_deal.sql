-- The customers of a window who have no deal in the CRM, those who wrote last first. Parameters as in
-- period_facts.sql, which counts these rows; a chat's owner and what the CRM knew of it are those of
-- the last of the days that says it.
with spoke as (
  select radist_chat_id, max(sent_at) as last_message_at
  from marts.fct_messages
  where tenant_id = %(tenant_id)s
    and business_day between %(first_day)s and %(last_day)s
    and sent_at >= %(window_start)s and sent_at < %(window_end)s
  group by radist_chat_id
),

chats as (
  select distinct on (radist_chat_id)
    radist_chat_id, contact_name, phone_e164, crm_status, amocrm_user_id
  from marts.fct_dialogs
  where tenant_id = %(tenant_id)s
    and business_day between %(first_day)s and %(last_day)s
    and crm_status is not null
  order by radist_chat_id, business_day desc
)

select
  chats.radist_chat_id::text as dialog_id, chats.contact_name, chats.phone_e164 as phone,
  chats.crm_status = 'contact_without_lead' as is_contact,
  chats.amocrm_user_id::text as manager_id
from chats
inner join spoke using (radist_chat_id)
where chats.crm_status in ('contact_without_lead', 'unknown')
  -- A window is known only where each of its days read both sources.
  and (
    select bool_and(mode = 'amocrm_radist') from app.business_day_windows
    where tenant_id = %(tenant_id)s and business_day between %(first_day)s and %(last_day)s
  )
order by spoke.last_message_at desc, chats.radist_chat_id
