create table app.tenants (
  tenant_id uuid primary key default gen_random_uuid(),
  slug text not null unique
    constraint slug_is_well_formed check (slug ~ '^[a-z0-9][a-z0-9-]{1,38}$'),
  name text not null constraint name_is_not_blank check (btrim(name) <> ''),
  status text not null default 'active'
    constraint status_is_known check (status in ('active', 'paused', 'archived')),
  timezone text not null,
  language text not null default 'ru' constraint language_is_known check (language in ('ru', 'en')),
  default_region text not null default 'RU'
    constraint default_region_is_iso_3166 check (default_region ~ '^[A-Z]{2}$'),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create trigger tenants_set_updated_at before update on app.tenants
for each row execute function app.set_updated_at();

create table app.tenant_runtime_configs (
  tenant_id uuid primary key references app.tenants (tenant_id) on delete cascade,
  mode text not null default 'amocrm_radist'
    constraint mode_is_known check (mode in ('amocrm_radist', 'radist_only', 'amocrm_only')),
  timezone text not null,
  business_day_start time not null default '22:01',
  scheduled_run_time time not null default '22:10',
  is_schedule_enabled boolean not null default false,
  max_force_lookback_days integer not null default 3
    constraint max_force_lookback_days_in_range check (max_force_lookback_days between 0 and 366),
  max_force_window_hours integer not null default 24
    constraint max_force_window_hours_in_range check (max_force_window_hours between 1 and 744),
  radist_fetch_limit integer not null default 3000
    constraint radist_fetch_limit_in_range check (radist_fetch_limit between 1 and 1000000),
  max_amo_leads integer not null default 5000
    constraint max_amo_leads_in_range check (max_amo_leads between 1 and 1000000),
  max_amo_contacts integer not null default 5000
    constraint max_amo_contacts_in_range check (max_amo_contacts between 1 and 1000000),
  max_radist_contact_pages integer not null default 200
    constraint max_radist_contact_pages_in_range check (max_radist_contact_pages between 1 and 100000),
  max_radist_candidates integer not null default 3000
    constraint max_radist_candidates_in_range check (max_radist_candidates between 1 and 1000000),
  max_radist_message_pages integer not null default 50
    constraint max_radist_message_pages_in_range check (max_radist_message_pages between 1 and 10000),
  min_dialogs_for_report integer not null default 1
    constraint min_dialogs_for_report_in_range check (min_dialogs_for_report between 0 and 10000),
  telegram_followup_minutes integer not null default 60
    constraint telegram_followup_minutes_in_range check (telegram_followup_minutes between 0 and 10080),
  working_hours jsonb not null default
    '{"mon": [["09:00", "18:00"]], "tue": [["09:00", "18:00"]], "wed": [["09:00", "18:00"]],
      "thu": [["09:00", "18:00"]], "fri": [["09:00", "18:00"]], "sat": [], "sun": []}'
    constraint working_hours_is_an_object check (jsonb_typeof(working_hours) = 'object'),
  config_version integer not null default 1,
  updated_at timestamptz not null default now()
);

create trigger tenant_runtime_configs_set_updated_at before update on app.tenant_runtime_configs
for each row execute function app.set_updated_at();

-- The window that a day was really read with. Later changes of zone, start or working hours
-- concern later days only, so the transforms join here and never to the live configuration.
create table app.business_day_windows (
  tenant_id uuid not null references app.tenants (tenant_id) on delete cascade,
  business_day date not null,
  window_start timestamptz not null,
  window_end timestamptz not null,
  timezone text not null,
  business_day_start time not null,
  mode text not null
    constraint mode_is_known check (mode in ('amocrm_radist', 'radist_only', 'amocrm_only')),
  working_hours jsonb not null,
  config_version integer not null,
  created_at timestamptz not null default now(),
  primary key (tenant_id, business_day),
  constraint window_is_ordered check (window_start <= window_end)
);
