-- The customers of waiting_dialogs.sql as a report shows them, the longest wait first. Parameters
-- as there. Their last words are looked for as far back as a turn may begin: seven business days.
select
  found.radist_chat_id::text as dialog_id, found.contact_name, found.phone_e164 as phone,
  found.since, found.calendar_minutes, found.working_minutes,
  last_words.message_text as last_customer_text, found.amocrm_user_id::text as manager_id,
  found.is_active, found.connection_type as channel
from (
{waiting_dialogs}
) as found
left join lateral (
  select message_text
  from marts.fct_messages as message
  where message.tenant_id = %(tenant_id)s
    and message.business_day between %(last_day)s - 7 and %(last_day)s
    and message.radist_chat_id = found.radist_chat_id
    and message.sent_at >= found.since and message.sent_at < %(window_end)s
    and message.direction = 'inbound' and message.message_text is not null
  order by message.sent_at desc, message.radist_message_id collate "C" desc
  limit 1
) as last_words on true
order by found.since, found.radist_chat_id
