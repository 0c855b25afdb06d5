-- A run may cover a range of days: business_day is its last one.
alter table app.job_runs add column first_business_day date;
update app.job_runs set first_business_day = business_day;

-- Who asked a run to stop, and when; the run itself looks for it with each heartbeat.
alter table app.job_runs add column stop_requested_by text;
alter table app.job_runs add column stop_requested_at timestamptz;

create index job_runs_unfinished on app.job_runs (status) where status in ('pending', 'running');

-- Days that came due before a tenant's schedule was switched on are not caught up on.
alter table app.tenant_runtime_configs add column schedule_enabled_at timestamptz;
update app.tenant_runtime_configs set schedule_enabled_at = now() where is_schedule_enabled;

create function app.note_schedule_enabled() returns trigger
language plpgsql set search_path = '' as $$
begin
  if not new.is_schedule_enabled then
    new.schedule_enabled_at := null;
  elsif new.schedule_enabled_at is null then
    new.schedule_enabled_at := now();
  end if;
  return new;
end
$$;

create trigger tenant_runtime_configs_note_schedule_enabled
before insert or update on app.tenant_runtime_configs
for each row execute function app.note_schedule_enabled();

alter table app.tenant_runtime_configs add constraint schedule_enabled_at_is_known
check (is_schedule_enabled = (schedule_enabled_at is not null));
