-- The one fact query: what the event-grain marts say about a tenant and a window of time, which may
-- begin and end anywhere within the days it touches. Parameters: tenant_id, window_start, window_end
-- (aware), first_day and last_day (the business days the window touches; last_day holds its end).
-- A metric without an observation has no value but n = 0; a source that a day's mode does not read
-- yields no row at all. A chat's owner, a deal's owner, price and loss reason are those at the end
-- of the last day that has them.
with modes as (
  select
    bool_and(mode in ('amocrm_radist', 'radist_only')) as has_dialogs,
    bool_and(mode in ('amocrm_radist', 'amocrm_only')) as has_deals
  from app.business_day_windows
  where tenant_id = %(tenant_id)s and business_day between %(first_day)s and %(last_day)s
),

chats as (
  select business_day, radist_chat_id, amocrm_user_id, connection_type, crm_status
  from marts.fct_dialogs
  where tenant_id = %(tenant_id)s and business_day between %(first_day)s and %(last_day)s
  union all
  select business_day, radist_chat_id, amocrm_user_id, connection_type, null
  from marts.fct_waiting_dialogs
  where tenant_id = %(tenant_id)s and business_day = %(last_day)s and not is_active_in_day
),

-- By whom dialogs are broken down: by manager; by messenger where no CRM says who is responsible.
owners as (
  select
    chats.radist_chat_id,
    (array_agg(
      case when modes.has_deals then chats.amocrm_user_id::text else chats.connection_type end
      order by chats.business_day desc
    ))[1] as owner,
    (array_agg(chats.crm_status order by chats.business_day desc)
      filter (where chats.crm_status is not null))[1] as crm_status
  from chats cross join modes
  group by chats.radist_chat_id
),

messages as (
  select message.radist_chat_id, message.direction, owners.owner, owners.crm_status
  from marts.fct_messages as message
  left join owners using (radist_chat_id)
  where message.tenant_id = %(tenant_id)s
    and message.business_day between %(first_day)s and %(last_day)s
    and message.sent_at >= %(window_start)s and message.sent_at < %(window_end)s
),

replies as (
  select
    owners.owner, reply.reply_calendar_minutes, reply.reply_working_minutes,
    row_number() over (
      partition by radist_chat_id
      order by reply.answered_at, reply.answer_radist_message_id collate "C"
    ) = 1 as is_first
  from marts.fct_replies as reply
  left join owners using (radist_chat_id)
  where reply.tenant_id = %(tenant_id)s
    and reply.business_day between %(first_day)s and %(last_day)s
    and reply.answered_at >= %(window_start)s and reply.answered_at < %(window_end)s
),

waiting as (
  select
    owners.owner, found.calendar_minutes, found.working_minutes, found.is_active
  from (
{waiting_dialogs}
  ) as found
  left join owners using (radist_chat_id)
),

changes as (
  select
    amocrm_lead_id, is_to_won, is_to_lost,
    to_status_id is not null and not is_to_won and not is_to_lost as is_move,
    row_number() over (
      partition by amocrm_lead_id order by changed_at desc, amocrm_event_id collate "C" desc
    ) = 1 as is_last
  from marts.fct_lead_stage_changes
  where tenant_id = %(tenant_id)s
    and business_day between %(first_day)s and %(last_day)s
    and changed_at >= %(window_start)s and changed_at < %(window_end)s
),

outcomes as (
  select
    amocrm_lead_id,
    bool_or(is_move) as is_moved,
    bool_or(is_last and is_to_won) as is_won,
    bool_or(is_last and is_to_lost) as is_lost
  from changes group by amocrm_lead_id
),

latest_leads as (
  select distinct on (amocrm_lead_id)
    amocrm_lead_id, amocrm_user_id, price_amount, currency_code, loss_reason_name, created_at
  from marts.fct_leads
  where tenant_id = %(tenant_id)s and business_day between %(first_day)s and %(last_day)s
  order by amocrm_lead_id, business_day desc
),

leads as (
  select
    lead.amocrm_user_id::text as owner, lead.price_amount, lead.currency_code,
    lead.loss_reason_name,
    coalesce(
      lead.created_at >= %(window_start)s and lead.created_at < %(window_end)s, false
    ) as is_created,
    coalesce(outcomes.is_moved, false) as is_moved,
    coalesce(outcomes.is_won, false) as is_won,
    coalesce(outcomes.is_lost, false) as is_lost
  from latest_leads as lead
  left join outcomes using (amocrm_lead_id)
),

-- Each block below is computed for the tenant and for each owner in one pass of grouping sets.
message_facts as (
  select
    'dialogs' as metric, 'count' as unit, owner, grouping(owner) as is_total,
    count(distinct radist_chat_id)::numeric as value, count(distinct radist_chat_id) as n
  from messages group by grouping sets ((), (owner))
  union all
  select
    'messages_in', 'count', owner, grouping(owner),
    count(*) filter (where direction = 'inbound'), count(*)
  from messages group by grouping sets ((), (owner))
  union all
  select
    'messages_out', 'count', owner, grouping(owner),
    count(*) filter (where direction = 'outbound'), count(*)
  from messages group by grouping sets ((), (owner))
  union all
  select
    'dialogs_without_deal', 'count', owner, grouping(owner),
    count(distinct radist_chat_id)
      filter (where crm_status in ('contact_without_lead', 'unknown')),
    count(distinct radist_chat_id)
  from messages group by grouping sets ((), (owner))
  having (select has_deals from modes)
  union all
  select
    'dialogs_not_looked_up', 'count', null, 1,
    count(distinct radist_chat_id) filter (where crm_status = 'not_looked_up'),
    count(distinct radist_chat_id)
  from messages
  having (select has_deals from modes)
  union all
  select
    'dialogs_without_manager', 'count', null, 1,
    count(distinct radist_chat_id) filter (where owner is null), count(distinct radist_chat_id)
  from messages
  having (select has_deals from modes)
),

reply_facts as (
  select
    'replies' as metric, 'count' as unit, owner, grouping(owner) as is_total,
    count(*)::numeric as value, count(*) as n
  from replies group by grouping sets ((), (owner))
  union all
  select
    'first_reply_median_calendar', 'minutes', owner, grouping(owner),
    round(percentile_cont(0.5) within group (order by reply_calendar_minutes)::numeric, 2),
    count(*)
  from replies where is_first group by grouping sets ((), (owner))
  union all
  select
    'first_reply_median_working', 'minutes', owner, grouping(owner),
    round(percentile_cont(0.5) within group (order by reply_working_minutes)::numeric, 2),
    count(*)
  from replies where is_first group by grouping sets ((), (owner))
),

waiting_facts as (
  select
    'dialogs_unanswered' as metric, 'count' as unit, owner,
    grouping(owner) as is_total,
    (count(*) filter (where is_active))::numeric as value, count(*) as n
  from waiting group by grouping sets ((), (owner))
  union all
  select
    'longest_wait_calendar', 'minutes', owner, grouping(owner),
    round(max(calendar_minutes) filter (where is_active), 2),
    count(*) filter (where is_active)
  from waiting group by grouping sets ((), (owner))
  union all
  select
    'longest_wait_working', 'minutes', owner, grouping(owner),
    round(max(working_minutes) filter (where is_active), 2),
    count(*) filter (where is_active)
  from waiting group by grouping sets ((), (owner))
  union all
  select
    'dialogs_waiting_from_earlier_days', 'count', owner, grouping(owner),
    count(*) filter (where not is_active), count(*)
  from waiting group by grouping sets ((), (owner))
),

lead_facts as (
  select
    outcome.metric, outcome.unit, leads.owner,
    grouping(leads.owner) as is_total,
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
    (outcome.metric, outcome.unit), (outcome.metric, outcome.unit, leads.owner)
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

-- A window without one deal in it still knows that there was none.
all_facts as (
  select facts.* from (
    select * from message_facts union all select * from reply_facts
    union all select * from waiting_facts
  ) as facts
  where (select has_dialogs from modes)
  union all
  select lead_facts.* from lead_facts where (select has_deals from modes)
  union all
  select metric, unit, null, 1, 0, 0 from no_leads where (select has_deals from modes)
),

loss_reason_facts as (
  select coalesce(loss_reason_name, '') as reason, count(*)::numeric as value, count(*) as n
  from leads where is_lost and (select has_deals from modes) group by 1
),

managers as (
  select distinct on (amocrm_user_id) amocrm_user_id::text as manager_id, manager_name
  from marts.dim_managers
  where tenant_id = %(tenant_id)s and business_day between %(first_day)s and %(last_day)s
  order by amocrm_user_id, business_day desc
)

select
  case when facts.is_total = 1 then facts.metric
    else subject.type || '.' || facts.owner || '.' || facts.metric end as fact_id,
  case when facts.is_total = 1 then 'tenant' else subject.type end as subject_type,
  case when facts.is_total = 1 then '' else facts.owner end as subject_id,
  managers.manager_name as subject_name,
  facts.metric, facts.value, facts.unit, facts.n,
  case when facts.unit = 'amount' then (select max(currency_code) from leads) end as currency_code
from all_facts as facts
cross join (
  select case when has_deals then 'manager' else 'channel' end as type from modes
) as subject
left join managers
  on facts.is_total = 0 and subject.type = 'manager' and managers.manager_id = facts.owner
where facts.is_total = 1 or facts.owner is not null
union all
select
  'loss_reason.' || md5(reason), 'loss_reason', reason, nullif(reason, ''),
  'leads_lost', value, 'count', n, null
from loss_reason_facts
order by fact_id
