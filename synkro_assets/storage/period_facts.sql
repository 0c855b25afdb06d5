-- The one fact query: what the event-grain marts say about a tenant and a window of time.
-- Parameters: tenant_id, window_start, window_end (aware), first_day and last_day (the business days
-- the window touches, so that indexes are used). A metric without an observation has no value but
-- n = 0; a source the day's mode does not read yields no row at all.
with modes as (
  select
    bool_or(mode in ('amocrm_radist', 'radist_only')) as has_dialogs,
    bool_or(mode in ('amocrm_radist', 'amocrm_only')) as has_leads
  from app.business_day_windows
  where tenant_id = %(tenant_id)s and business_day between %(first_day)s and %(last_day)s
),

messages as (
  select message.radist_chat_id, message.direction, dialog.amocrm_user_id, dialog.is_in_crm
  from marts.fct_messages as message
  left join marts.fct_dialogs as dialog
    on dialog.tenant_id = message.tenant_id
    and dialog.business_day = message.business_day
    and dialog.radist_chat_id = message.radist_chat_id
  where message.tenant_id = %(tenant_id)s
    and message.business_day between %(first_day)s and %(last_day)s
    and message.sent_at >= %(window_start)s and message.sent_at < %(window_end)s
),

replies as (
  select
    radist_chat_id, amocrm_user_id, reply_calendar_minutes, reply_working_minutes,
    row_number() over (partition by radist_chat_id order by answered_at) = 1 as is_first
  from marts.fct_replies
  where tenant_id = %(tenant_id)s
    and business_day between %(first_day)s and %(last_day)s
    and answered_at >= %(window_start)s and answered_at < %(window_end)s
),

waiting as (
  select amocrm_user_id, waiting_calendar_minutes, waiting_working_minutes, is_active_in_day
  from marts.fct_waiting_dialogs
  where tenant_id = %(tenant_id)s and business_day = %(last_day)s
),

leads as (
  select
    amocrm_lead_id, amocrm_user_id, price_amount, currency_code, loss_reason_name,
    is_created, is_moved, is_won, is_lost
  from marts.fct_leads
  where tenant_id = %(tenant_id)s and business_day between %(first_day)s and %(last_day)s
),

-- Each block below is computed for the tenant and for each manager in one pass of grouping sets.
message_facts as (
  select
    'dialogs' as metric, 'count' as unit, amocrm_user_id, grouping(amocrm_user_id) as is_total,
    count(distinct radist_chat_id)::numeric as value, count(distinct radist_chat_id) as n
  from messages group by grouping sets ((), (amocrm_user_id))
  union all
  select
    'messages_in', 'count', amocrm_user_id, grouping(amocrm_user_id),
    count(*) filter (where direction = 'inbound'), count(*)
  from messages group by grouping sets ((), (amocrm_user_id))
  union all
  select
    'messages_out', 'count', amocrm_user_id, grouping(amocrm_user_id),
    count(*) filter (where direction = 'outbound'), count(*)
  from messages group by grouping sets ((), (amocrm_user_id))
  union all
  select
    'dialogs_without_crm', 'count', null, 1,
    count(distinct radist_chat_id) filter (where not is_in_crm), count(distinct radist_chat_id)
  from messages
),

reply_facts as (
  select
    'replies' as metric, 'count' as unit, amocrm_user_id, grouping(amocrm_user_id) as is_total,
    count(*)::numeric as value, count(*) as n
  from replies group by grouping sets ((), (amocrm_user_id))
  union all
  select
    'first_reply_median_calendar', 'minutes', amocrm_user_id, grouping(amocrm_user_id),
    round(percentile_cont(0.5) within group (order by reply_calendar_minutes)::numeric, 2),
    count(*)
  from replies where is_first group by grouping sets ((), (amocrm_user_id))
  union all
  select
    'first_reply_median_working', 'minutes', amocrm_user_id, grouping(amocrm_user_id),
    round(percentile_cont(0.5) within group (order by reply_working_minutes)::numeric, 2),
    count(*)
  from replies where is_first group by grouping sets ((), (amocrm_user_id))
),

waiting_facts as (
  select
    'dialogs_unanswered' as metric, 'count' as unit, amocrm_user_id,
    grouping(amocrm_user_id) as is_total,
    (count(*) filter (where is_active_in_day))::numeric as value, count(*) as n
  from waiting group by grouping sets ((), (amocrm_user_id))
  union all
  select
    'longest_wait_calendar', 'minutes', amocrm_user_id, grouping(amocrm_user_id),
    round(max(waiting_calendar_minutes) filter (where is_active_in_day), 2),
    count(*) filter (where is_active_in_day)
  from waiting group by grouping sets ((), (amocrm_user_id))
  union all
  select
    'longest_wait_working', 'minutes', amocrm_user_id, grouping(amocrm_user_id),
    round(max(waiting_working_minutes) filter (where is_active_in_day), 2),
    count(*) filter (where is_active_in_day)
  from waiting group by grouping sets ((), (amocrm_user_id))
  union all
  select
    'dialogs_waiting_from_earlier_days', 'count', amocrm_user_id, grouping(amocrm_user_id),
    count(*) filter (where not is_active_in_day), count(*)
  from waiting group by grouping sets ((), (amocrm_user_id))
),

lead_facts as (
  select
    outcome.metric, outcome.unit, leads.amocrm_user_id,
    grouping(leads.amocrm_user_id) as is_total,
    coalesce(sum(outcome.amount) filter (where outcome.happened), 0)::numeric as value,
    count(*) filter (where outcome.happened) as n
  from leads
  cross join lateral (
    values
      ('leads_created', 'count', is_created, 1),
      ('leads_moved', 'count', is_moved, 1),
      ('leads_won', 'count', is_won, 1),
      ('leads_won_amount', 'amount', is_won, coalesce(price_amount, 0)),
      ('leads_lost', 'count', is_lost, 1),
      ('leads_lost_amount', 'amount', is_lost, coalesce(price_amount, 0))
  ) as outcome (metric, unit, happened, amount)
  group by grouping sets (
    (outcome.metric, outcome.unit), (outcome.metric, outcome.unit, leads.amocrm_user_id)
  )
),

no_leads as (
  select column1 as metric, column2 as unit
  from (
    values
      ('leads_created', 'count'), ('leads_moved', 'count'), ('leads_won', 'count'),
      ('leads_won_amount', 'amount'), ('leads_lost', 'count'), ('leads_lost_amount', 'amount')
  ) as nothing_happened
  where not exists (select from leads)
),

tenant_and_manager_facts as (
  select facts.* from (
    select * from message_facts union all select * from reply_facts
    union all select * from waiting_facts
  ) as facts
  where (select has_dialogs from modes)
  union all
  select lead_facts.* from lead_facts where (select has_leads from modes)
  union all
  select metric, unit, null, 1, 0, 0 from no_leads where (select has_leads from modes)
),

loss_reason_facts as (
  select coalesce(loss_reason_name, '') as reason, count(*)::numeric as value, count(*) as n
  from leads where is_lost and (select has_leads from modes) group by 1
),

managers as (
  select distinct on (amocrm_user_id) amocrm_user_id, manager_name
  from marts.dim_managers
  where tenant_id = %(tenant_id)s and business_day between %(first_day)s and %(last_day)s
  order by amocrm_user_id, business_day desc
)

select
  case when facts.is_total = 1 then facts.metric
    else 'manager.' || facts.amocrm_user_id || '.' || facts.metric end as fact_id,
  case when facts.is_total = 1 then 'tenant' else 'manager' end as subject_type,
  case when facts.is_total = 1 then '' else facts.amocrm_user_id::text end as subject_id,
  managers.manager_name as subject_name,
  facts.metric, facts.value, facts.unit, facts.n,
  case when facts.unit = 'amount' then (select max(currency_code) from leads) end as currency_code
from tenant_and_manager_facts as facts
left join managers on facts.is_total = 0 and managers.amocrm_user_id = facts.amocrm_user_id
where facts.is_total = 1 or facts.amocrm_user_id is not null
union all
select
  'loss_reason.' || md5(reason), 'loss_reason', reason, nullif(reason, ''),
  'leads_lost', value, 'count', n, null
from loss_reason_facts
order by fact_id
