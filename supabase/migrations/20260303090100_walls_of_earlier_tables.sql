-- The tables that are older than the wall. Every later table is walled off by the migration that creates it.

set lock_timeout = '10s';

select app.wall_off('app.tenants', pipeline => 'select', console => 'select, insert, update, delete',
  dbt => 'select', readonly => 'select');
select app.wall_off('app.tenant_runtime_configs', pipeline => 'select', console => 'select, insert, update',
  readonly => 'select');
select app.wall_off('app.business_day_windows', pipeline => 'select, insert', console => 'select', dbt => 'select',
  readonly => 'select');
-- Analysts see what is configured and whether it works, never what opens it.
select app.wall_off('app.integration_configs', pipeline => 'select, update',
  console => 'select, insert, update, delete',
  readonly => 'select (tenant_id, kind, status, last_error, last_checked_at, created_at, updated_at)');
select app.wall_off('app.request_slots', pipeline => 'select, insert, update', console => 'select, insert, update');
select app.wall_off('app.job_runs', pipeline => 'select, insert, update', console => 'select, insert, update',
  readonly => 'select');
select app.wall_off('app.job_run_events', pipeline => 'select, insert', console => 'select, insert',
  readonly => 'select');
select app.wall_off('app.run_claims', pipeline => 'select, insert, update', console => 'select, update',
  readonly => 'select');
select app.wall_off('app.report_facts', pipeline => 'select, insert, update, delete', console => 'select',
  readonly => 'select');
select app.wall_off('app.reports', pipeline => 'select, insert, update', console => 'select', readonly => 'select');
select app.wall_off('app.deliveries', pipeline => 'select, insert, update, delete', console => 'select',
  readonly => 'select');

-- One row that belongs to the installation and is no tenant's.
alter table app.transform_builds enable row level security;
alter table app.transform_builds force row level security;
grant select on app.transform_builds to synkro_pipeline;
grant select, insert, update on app.transform_builds to synkro_console;
create policy "Runs read which transforms are built" on app.transform_builds
for select to synkro_pipeline using (is_current);
create policy "The console notes which transforms are built" on app.transform_builds
to synkro_console using (is_current) with check (is_current);

-- Raw rows: ingestion writes them, the transforms read them, the console and analysts may look.
create function raw.wall_off(target regclass) returns void
language plpgsql
set search_path = ''
as $$
begin
  perform app.wall_off(target, pipeline => 'select, insert, update, delete', console => 'select', dbt => 'select',
    readonly => 'select');
end
$$;

select raw.wall_off('raw.amocrm_leads');
select raw.wall_off('raw.amocrm_contacts');
select raw.wall_off('raw.amocrm_lead_contacts');
select raw.wall_off('raw.amocrm_accounts');
select raw.wall_off('raw.amocrm_users');
select raw.wall_off('raw.amocrm_pipelines');
select raw.wall_off('raw.amocrm_loss_reasons');
select raw.wall_off('raw.amocrm_events');
select raw.wall_off('raw.radist_chats');
select raw.wall_off('raw.radist_messages');

-- A month's partition is a table of its own for whoever names it, so it has its own wall.
-- It works with its owner's rights for whoever calls it, so the names of types too must not be looked up among the
-- caller's temporary ones first: with an empty search_path they would be.
create or replace function raw.ensure_month(business_day date) returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  month_start date := pg_catalog.date_trunc('month', business_day)::date;
  month_end date := (month_start + interval '1 month')::date;
  parent text;
  child text;
begin
  foreach parent in array array['amocrm_events', 'radist_messages'] loop
    child := parent || '_' || pg_catalog.to_char(month_start, 'YYYY_MM');
    if pg_catalog.to_regclass('raw.' || child) is not null then
      continue;
    end if;
    perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext('raw.ensure_month'));
    execute pg_catalog.format(
      'create table if not exists raw.%I partition of raw.%I for values from (%L) to (%L)',
      child, parent, month_start, month_end
    );
    perform raw.wall_off(pg_catalog.format('raw.%I', child)::regclass);
  end loop;
end
$$;

grant execute on function raw.ensure_month(date) to synkro_pipeline, synkro_console;

select raw.wall_off(child.inhrelid::regclass)
from pg_catalog.pg_inherits as child
where child.inhparent in ('raw.amocrm_events'::regclass, 'raw.radist_messages'::regclass);

-- Transforms that were built before get theirs here; a new build does it for each model (dbt_project/macros).
select app.wall_off(class.oid, pipeline => 'select', console => 'select',
  dbt => case when class.relkind = 'v' then 'select' else 'select, insert, update, delete' end, readonly => 'select')
from pg_catalog.pg_class as class
where class.relnamespace in ('staging'::regnamespace, 'intermediate'::regnamespace, 'marts'::regnamespace)
  and class.relkind in ('r', 'p', 'v');
