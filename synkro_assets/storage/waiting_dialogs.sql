-- Who waits for an answer when a window ends: the turns open at that instant, with their minutes.
-- Parameters as in period_facts.sql, which counts these rows; last_day holds the window's end. A turn
-- is open then if it began before and nobody has answered it to this day, or the answer came only
-- later that day. A chat has one such turn at most: the next begins after the answer.
with open_turns as (
  select
    radist_chat_id, contact_name, phone_e164, connection_type, amocrm_user_id,
    waiting_since_at as since
  from marts.fct_waiting_dialogs
  where tenant_id = %(tenant_id)s and business_day = %(last_day)s
    and waiting_since_at < %(window_end)s
  union all
  select
    radist_chat_id, dialogs.contact_name, dialogs.phone_e164, dialogs.connection_type,
    dialogs.amocrm_user_id, replies.turn_started_at
  from marts.fct_replies as replies
  inner join marts.fct_dialogs as dialogs using (tenant_id, business_day, radist_chat_id)
  where replies.tenant_id = %(tenant_id)s and replies.business_day = %(last_day)s
    and dialogs.tenant_id = %(tenant_id)s and dialogs.business_day = %(last_day)s
    and replies.turn_started_at < %(window_end)s and replies.answered_at >= %(window_end)s
),

active_chats as (
  select distinct radist_chat_id
  from marts.fct_messages
  where tenant_id = %(tenant_id)s
    and business_day between %(first_day)s and %(last_day)s
    and sent_at >= %(window_start)s and sent_at < %(window_end)s
),

last_days as (
  select working_time
  from intermediate.int_calendar__day_windows
  where tenant_id = %(tenant_id)s and business_day = %(last_day)s
)

select
  open_turns.radist_chat_id, open_turns.contact_name, open_turns.phone_e164,
  open_turns.connection_type, open_turns.amocrm_user_id, open_turns.since,
  round(extract(epoch from %(window_end)s - open_turns.since) / 60, 4) as calendar_minutes,
  worked.working_minutes,
  active_chats.radist_chat_id is not null as is_active
from open_turns
cross join last_days
left join active_chats using (radist_chat_id)
cross join lateral (
  select coalesce(round(sum(extract(epoch from upper(span) - lower(span))) / 60, 4), 0)
    as working_minutes
  from unnest(
    last_days.working_time * tstzmultirange(tstzrange(open_turns.since, %(window_end)s))
  ) as spans (span)
) as worked
where (
  -- A window is known only where each of its days read the conversations.
  select bool_and(mode <> 'amocrm_only') from app.business_day_windows
  where tenant_id = %(tenant_id)s and business_day between %(first_day)s and %(last_day)s
)
