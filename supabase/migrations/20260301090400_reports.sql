-- Cached answers of the one fact query: value, unit and sample size for a subject and a period.
create table app.report_facts (
  tenant_id uuid not null references app.tenants (tenant_id) on delete cascade,
  period_key text not null,
  fact_id text not null,
  subject_type text not null
    constraint subject_type_is_known check (
      subject_type in ('tenant', 'manager', 'loss_reason')
    ),
  subject_id text not null default '',
  subject_name text,
  metric text not null,
  value numeric,
  unit text not null
    constraint unit_is_known check (unit in ('count', 'minutes', 'amount')),
  currency_code text,
  n bigint not null,
  period_start timestamptz not null,
  period_end timestamptz not null,
  definition_version integer not null,
  primary key (tenant_id, period_key, fact_id)
);

create table app.reports (
  tenant_id uuid not null references app.tenants (tenant_id) on delete cascade,
  report_id uuid not null default gen_random_uuid(),
  business_day date not null,
  report_type text not null default 'daily'
    constraint report_type_is_known check (report_type in ('daily', 'forced')),
  period_start date not null,
  period_end date not null,
  window_start timestamptz not null,
  window_end timestamptz not null,
  status text not null constraint status_is_known check (status in ('complete', 'facts_only')),
  summary_text text not null,
  metadata jsonb not null default '{}',
  data_ref text not null,
  followup_deadline_at timestamptz,
  job_run_id bigint,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (tenant_id, report_id),
  unique (report_id)
);

create unique index one_daily_report_per_tenant_and_day
  on app.reports (tenant_id, business_day) where report_type = 'daily';

create trigger reports_set_updated_at before update on app.reports
for each row execute function app.set_updated_at();

-- The outbox: written in the report's transaction, sent later under a lease.
create table app.deliveries (
  tenant_id uuid not null,
  report_id uuid not null,
  channel text not null,
  recipient text not null,
  part integer not null constraint part_starts_at_one check (part >= 1),
  parts integer not null,
  body text not null,
  status text not null default 'pending' constraint status_is_known check (
    status in ('pending', 'sending', 'sent', 'unknown', 'failed', 'dead')
  ),
  attempts integer not null default 0,
  next_attempt_at timestamptz not null default now(),
  lease_until timestamptz,
  provider_message_id text,
  last_error text,
  sent_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (tenant_id, report_id, channel, recipient, part),
  unique (report_id, channel, recipient, part),
  foreign key (tenant_id, report_id) references app.reports (tenant_id, report_id) on delete cascade
);

create index deliveries_to_send on app.deliveries (tenant_id, next_attempt_at)
  where status in ('pending', 'sending');

create trigger deliveries_set_updated_at before update on app.deliveries
for each row execute function app.set_updated_at();

-- Which transform project built the views and empty tables; one row.
create table app.transform_builds (
  is_current boolean primary key default true
    constraint there_is_one_current_build check (is_current),
  project_hash text not null,
  built_at timestamptz not null default now()
);
