-- The business ledger: who asked for what, and how it went. A pending row is a run request.
create table app.job_runs (
  tenant_id uuid not null references app.tenants (tenant_id) on delete cascade,
  job_run_id bigint not null generated always as identity,
  job_type text not null,
  mode text not null
    constraint mode_is_known check (mode in ('amocrm_radist', 'radist_only', 'amocrm_only')),
  trigger_type text not null constraint trigger_type_is_known check (
    trigger_type in ('schedule', 'manual', 'api', 'backfill')
  ),
  status text not null default 'pending' constraint status_is_known check (
    status in ('pending', 'running', 'success', 'failed', 'canceled')
  ),
  business_day date,
  window_start timestamptz,
  window_end timestamptz,
  current_step text,
  progress smallint not null default 0
    constraint progress_is_a_percentage check (progress between 0 and 100),
  error text,
  idempotency_key text,
  dagster_run_id text,
  requested_by text not null,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz,
  updated_at timestamptz not null default now(),
  primary key (tenant_id, job_run_id),
  unique (job_run_id),
  unique (tenant_id, idempotency_key),
  unique (tenant_id, dagster_run_id)
);

create index job_runs_by_creation on app.job_runs (tenant_id, created_at desc);

create trigger job_runs_set_updated_at before update on app.job_runs
for each row execute function app.set_updated_at();

create table app.job_run_events (
  tenant_id uuid not null,
  job_run_id bigint not null,
  event_id bigint not null generated always as identity,
  level text not null
    constraint level_is_known check (level in ('debug', 'info', 'warning', 'error')),
  step text,
  message text not null,
  metadata jsonb not null default '{}',
  created_at timestamptz not null default now(),
  primary key (tenant_id, job_run_id, event_id),
  foreign key (tenant_id, job_run_id) references app.job_runs (tenant_id, job_run_id) on delete cascade
);

-- The truth about who runs: one claim per tenant. The row outlives the run, so that the fencing
-- token only ever grows and a writer that lost its lease is told apart from its successor.
create table app.run_claims (
  tenant_id uuid primary key references app.tenants (tenant_id) on delete cascade,
  job_run_id bigint not null,
  fencing_token bigint not null default 1,
  heartbeat_at timestamptz not null default now(),
  lease_until timestamptz not null,
  foreign key (tenant_id, job_run_id) references app.job_runs (tenant_id, job_run_id) on delete cascade
);
