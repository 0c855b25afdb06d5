-- What dashboards ask of integration_logs: two views, and the sums of each day that make the longer one quick.
-- Reading a month of a million rows takes a second whatever the index, so each statement that writes rows also writes
-- what it adds to its days. Parts of sums are only ever added: no writer waits for another's. Those of one day and
-- kind are drawn together every so many statements and by the daily cleanup.

set lock_timeout = '10s';

create table app.integration_log_days (
  entry_id bigint primary key generated always as identity,
  tenant_id uuid,
  day timestamptz not null,
  service_name text not null,
  action text not null,
  status text not null,
  log_count integer not null,
  timed_count integer not null,
  duration_ms_sum bigint not null
);

comment on table app.integration_log_days is
'Parts of sums over public.integration_logs by tenant, day (UTC), service, action and status.';
comment on column app.integration_log_days.tenant_id is
'No foreign key: when a tenant is deleted, its rows are taken off here after it.';
comment on column app.integration_log_days.log_count is 'Negative where rows were deleted or changed.';
comment on column app.integration_log_days.timed_count is 'How many of them have a duration.';

create index integration_log_days_by_day on app.integration_log_days (day);
create index integration_log_days_by_tenant on app.integration_log_days (tenant_id);

revoke all on app.integration_log_days from public, anon, authenticated, service_role;
select app.wall_off('app.integration_log_days', pipeline => 'select', console => 'select', readonly => 'select');
grant usage on schema app to service_role;
grant select on app.integration_log_days to authenticated, service_role;
create policy "Service role reads the sums of integration_logs" on app.integration_log_days
for select to service_role using (true);
create policy "Authenticated users read the sums of their integration_logs" on app.integration_log_days
for select to authenticated
using (tenant_id in (select app.my_tenant_ids()) or (select app.is_super_admin()));

grant select, insert, update, delete on app.integration_log_days to synkro_guard;
create policy "The platform's own functions sum up integration_logs" on app.integration_log_days
to synkro_guard using (true) with check (true);

-- Draws the parts of each sum together, forgets days that no view shows any more, and returns by how many rows the
-- table shrank. Parts that somebody else is drawing together are left to them.
create function app.draw_together_integration_log_days() returns integer
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  shrunk integer;
begin
  with
  scattered as (
    select part.entry_id
    from app.integration_log_days as part
    where part.entry_id in (
      select counted.entry_id
      from (
        select entry_id, day, count(*) over (partition by day, tenant_id, service_name, action, status) as parts
        from app.integration_log_days
      ) as counted
      where counted.parts > 1 or counted.day < now() - interval '32 days'
    )
    for update skip locked
  ),
  removed as (
    delete from app.integration_log_days as part using scattered
    where part.entry_id = scattered.entry_id
    returning part.*
  ),
  drawn as (
    insert into app.integration_log_days
      (tenant_id, day, service_name, action, status, log_count, timed_count, duration_ms_sum)
    select tenant_id, day, service_name, action, status, sum(log_count), sum(timed_count), sum(duration_ms_sum)
    from removed
    where day >= now() - interval '32 days'
    group by tenant_id, day, service_name, action, status
    having sum(log_count) <> 0 or sum(timed_count) <> 0 or sum(duration_ms_sum) <> 0
    returning entry_id
  )
  select (select count(*) from removed) - (select count(*) from drawn) into shrunk;
  return shrunk;
end
$$;

-- Adds to the days what one statement changed in public.integration_logs. A row without a time, or older than any view
-- looks back, counts nowhere.
create function app.sum_integration_logs() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  parts_between constant bigint := 5000;
  changes constant text := case tg_op
    when 'INSERT' then 'select 1 as sign, * from new_rows'
    when 'DELETE' then 'select -1 as sign, * from old_rows'
    else 'select 1 as sign, * from new_rows union all select -1, * from old_rows'
  end;
  first_part bigint;
  last_part bigint;
begin
  if tg_op = 'TRUNCATE' then
    delete from app.integration_log_days where true;
    return null;
  end if;
  execute format($sql$
    with parts as (
      insert into app.integration_log_days
        (tenant_id, day, service_name, action, status, log_count, timed_count, duration_ms_sum)
      select tenant_id, date_bin('1 day', created_at, 'epoch'), service_name, action, status,
        sum(sign), coalesce(sum(sign) filter (where duration_ms is not null), 0),
        coalesce(sum(sign * duration_ms::bigint), 0)
      from (%s) as changes
      where created_at >= now() - interval '31 days'
      group by 1, 2, 3, 4, 5
      having sum(sign) <> 0 or sum(sign) filter (where duration_ms is not null) <> 0
        or sum(sign * duration_ms::bigint) <> 0
      returning entry_id
    )
    select min(entry_id), max(entry_id) from parts
  $sql$, changes) into first_part, last_part;
  -- In a stricter transaction, parts that others drew together meanwhile would be an error and not just gone.
  if (first_part - 1) / parts_between < last_part / parts_between
    and current_setting('transaction_isolation') = 'read committed'
  then
    perform app.draw_together_integration_log_days();
  end if;
  return null;
end
$$;

revoke execute on function app.draw_together_integration_log_days(), app.sum_integration_logs() from public;
grant execute on function app.draw_together_integration_log_days() to synkro_console, synkro_guard;

create trigger integration_logs_sum_inserted after insert on public.integration_logs
referencing new table as new_rows
for each statement execute function app.sum_integration_logs();
create trigger integration_logs_sum_updated after update on public.integration_logs
referencing old table as old_rows new table as new_rows
for each statement execute function app.sum_integration_logs();
create trigger integration_logs_sum_deleted after delete on public.integration_logs
referencing old table as old_rows
for each statement execute function app.sum_integration_logs();
create trigger integration_logs_sum_truncated after truncate on public.integration_logs
for each statement execute function app.sum_integration_logs();

-- A function goes to an owner who might have created it; its rights are settled before, by who may.
grant create on schema app to synkro_guard;
alter function app.draw_together_integration_log_days() owner to synkro_guard;
alter function app.sum_integration_logs() owner to synkro_guard;
revoke create on schema app from synkro_guard;

create view public.integration_stats_hourly with (security_invoker = true) as
select
  service_name,
  action,
  status,
  date_bin('1 hour', created_at, 'epoch') as hour,
  count(*) as count,
  round(avg(duration_ms), 1) as avg_duration_ms,
  max(duration_ms) as max_duration_ms,
  count(*) filter (where status = 'failed') as failed_count
from public.integration_logs
where created_at >= now() - interval '24 hours'
group by 1, 2, 3, 4;

comment on view public.integration_stats_hourly is 'The last 24 hours by service, action, status and hour.';

-- Whole days from their sums, the day in which the 30 days begin from its rows. Sums of small numbers are quicker.
create view public.integration_stats_daily with (security_invoker = true) as
select
  service_name,
  action,
  status,
  day,
  sum(log_count) as count,
  round((sum(duration_ms_sum::double precision) / nullif(sum(timed_count), 0))::numeric, 1) as avg_duration_ms,
  coalesce(sum(log_count) filter (where status = 'failed'), 0) as failed_count
from (
  select service_name, action, status, day, log_count, timed_count, duration_ms_sum
  from app.integration_log_days
  where day >= now() - interval '30 days'
  union all
  select service_name, action, status, date_bin('1 day', created_at, 'epoch'), count(*)::integer,
    count(duration_ms)::integer, coalesce(sum(duration_ms), 0)
  from public.integration_logs
  where created_at >= now() - interval '30 days'
    and created_at < date_bin('1 day', now() - interval '30 days', 'epoch') + interval '1 day'
    and date_bin('1 day', now() - interval '30 days', 'epoch') < now() - interval '30 days'
  group by 1, 2, 3, 4
) as parts
group by 1, 2, 3, 4
having sum(log_count) <> 0;

comment on view public.integration_stats_daily is 'The last 30 days by service, action, status and day (UTC).';

revoke all on public.integration_stats_hourly, public.integration_stats_daily
from public, anon, authenticated, service_role;
select app.wall_off('public.integration_stats_hourly', pipeline => 'select', console => 'select', readonly => 'select');
select app.wall_off('public.integration_stats_daily', pipeline => 'select', console => 'select', readonly => 'select');
grant select on public.integration_stats_hourly, public.integration_stats_daily to authenticated, service_role;
