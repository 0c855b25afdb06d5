-- The messages of the day's dialogs. A day that did not read the messenger has no dialogs, whatever an earlier
-- reading left in raw.
select
  messages.tenant_id,
  messages.business_day,
  messages.radist_chat_id,
  messages.radist_message_id,
  messages.direction,
  messages.message_type,
  messages.message_text,
  messages.sent_at
from marts.fct_messages as messages
inner join marts.fct_dialogs as dialogs using (tenant_id, business_day, radist_chat_id)
where messages.tenant_id = %(tenant)s and messages.business_day = %(day)s
