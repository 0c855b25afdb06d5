-- Every exchange with a provider, one row each, without secrets and personal data. Programs older than Synkro write
-- here too, as service_role and without a tenant: their rows are seen by it, by super administrators and by the
-- console over all tenants. The columns are theirs as well, so their names and freedoms stay as they are.

set lock_timeout = '10s';

create table public.integration_logs (
  id uuid primary key default gen_random_uuid(),
  tenant_id uuid references app.tenants (tenant_id) on delete cascade,
  service_name text not null,
  action text not null,
  status text not null
    constraint status_is_known check (status in ('success', 'failed', 'pending', 'retrying')),
  related_entity_type text,
  related_entity_id uuid,
  external_id text,
  request_payload jsonb,
  response_payload jsonb,
  error_message text,
  error_code text,
  duration_ms integer,
  retry_count integer default 0,
  created_at timestamptz default now(),
  updated_at timestamptz default now()
);

comment on column public.integration_logs.tenant_id is 'Null: written by a program that knows no tenants.';
comment on column public.integration_logs.external_id is 'What the provider calls the thing, where its id is no uuid.';
comment on column public.integration_logs.error_code is 'The provider''s own code, else the HTTP status.';
comment on column public.integration_logs.retry_count is 'How many attempts at the same request came before.';

create index idx_integration_logs_service_name on public.integration_logs (service_name);
create index idx_integration_logs_status on public.integration_logs (status);
create index idx_integration_logs_created_at on public.integration_logs (created_at desc);
create index idx_integration_logs_related_entity on public.integration_logs (related_entity_type, related_entity_id);
create index idx_integration_logs_failed on public.integration_logs (service_name, created_at desc)
where status = 'failed';
create index idx_integration_logs_dashboard on public.integration_logs (service_name, status, created_at desc);
-- What a tenant's own people ask for, and what its deletion takes along.
create index idx_integration_logs_tenant on public.integration_logs (tenant_id, created_at desc);
-- The cleanup finds its oldest rows first, however many failures lie between them.
create index idx_integration_logs_old_successes on public.integration_logs (created_at) where status = 'success';

create trigger integration_logs_set_updated_at before update on public.integration_logs
for each row execute function app.set_updated_at();

-- A Supabase project grants everything in public to its roles by default.
revoke all on public.integration_logs from public, anon, authenticated, service_role;
select app.wall_off('public.integration_logs', pipeline => 'select, insert',
  console => 'select, insert, update, delete', readonly => 'select');

grant usage on schema public
to synkro_pipeline, synkro_console, synkro_readonly, authenticated, service_role;
grant select on public.integration_logs to authenticated;
grant select, insert, update, delete on public.integration_logs to service_role;

create policy "Service role full access to integration_logs" on public.integration_logs
to service_role using (true) with check (true);
create policy "Authenticated users can view integration_logs" on public.integration_logs
for select to authenticated
using (tenant_id in (select app.my_tenant_ids()) or (select app.is_super_admin()));

-- Deletes successes older than 90 days and everything older than 180, the oldest first, and returns how many. It
-- deletes what the caller may: service_role and the console over all tenants everything. Rows that somebody holds
-- are left for the next call, so that it waits for nobody.
create function public.cleanup_old_integration_logs(batch_size integer default null) returns integer
language plpgsql
set search_path = ''
as $$
declare
  deleted integer;
  deleted_successes integer;
begin
  delete from public.integration_logs as log
  where log.id = any (array(
    select old.id from public.integration_logs as old
    where old.created_at < pg_catalog.now() - interval '180 days'
    order by old.created_at
    limit batch_size
    for update skip locked
  ));
  get diagnostics deleted = row_count;
  delete from public.integration_logs as log
  where log.id = any (array(
    select old.id from public.integration_logs as old
    where old.status = 'success' and old.created_at < pg_catalog.now() - interval '90 days'
    order by old.created_at
    limit batch_size - deleted
    for update skip locked
  ));
  get diagnostics deleted_successes = row_count;
  return deleted + deleted_successes;
end
$$;

revoke execute on function public.cleanup_old_integration_logs(integer) from public, anon, authenticated;
grant execute on function public.cleanup_old_integration_logs(integer) to synkro_console, service_role;
