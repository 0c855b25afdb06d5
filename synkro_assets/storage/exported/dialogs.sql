-- The day's dialogs, with who was responsible.
select
  dialogs.tenant_id,
  dialogs.business_day,
  dialogs.radist_chat_id,
  dialogs.radist_contact_id,
  dialogs.contact_name,
  dialogs.phone_e164,
  dialogs.radist_connection_id,
  dialogs.connection_type,
  dialogs.is_group,
  dialogs.messages_in_count,
  dialogs.messages_out_count,
  dialogs.first_message_at,
  dialogs.last_message_at,
  dialogs.first_reply_calendar_minutes,
  dialogs.first_reply_working_minutes,
  dialogs.is_unanswered,
  dialogs.waiting_since_at,
  dialogs.waiting_calendar_minutes,
  dialogs.waiting_working_minutes,
  dialogs.amocrm_lead_id,
  dialogs.amocrm_user_id,
  managers.manager_name,
  dialogs.is_in_crm
from marts.fct_dialogs as dialogs
left join marts.dim_managers as managers using (tenant_id, business_day, amocrm_user_id)
where dialogs.tenant_id = %(tenant)s and dialogs.business_day = %(day)s
