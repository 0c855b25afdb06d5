-- Observations keep every version of an entity, told apart by the provider's own updated_at; feeds
-- keep what happened and are replaced one tenant-day at a time. run_id is Dagster's.

create table raw.amocrm_leads (
  tenant_id uuid not null references app.tenants (tenant_id) on delete cascade,
  amocrm_lead_id bigint not null,
  updated_at timestamptz not null,
  business_day date not null,
  is_deleted boolean not null default false,
  payload jsonb not null,
  fetched_at timestamptz not null,
  run_id text not null,
  primary key (tenant_id, amocrm_lead_id, updated_at, is_deleted)
);

create index amocrm_leads_by_update on raw.amocrm_leads (tenant_id, updated_at);

create table raw.amocrm_contacts (
  tenant_id uuid not null references app.tenants (tenant_id) on delete cascade,
  amocrm_contact_id bigint not null,
  updated_at timestamptz not null,
  business_day date not null,
  phones_e164 text[] not null default '{}',
  payload jsonb not null,
  fetched_at timestamptz not null,
  run_id text not null,
  primary key (tenant_id, amocrm_contact_id, updated_at)
);

create table raw.amocrm_lead_contacts (
  tenant_id uuid not null references app.tenants (tenant_id) on delete cascade,
  amocrm_lead_id bigint not null,
  amocrm_contact_id bigint not null,
  business_day date not null,
  is_main boolean not null,
  payload jsonb not null,
  fetched_at timestamptz not null,
  run_id text not null,
  primary key (tenant_id, amocrm_lead_id, amocrm_contact_id)
);

create index amocrm_lead_contacts_by_contact
  on raw.amocrm_lead_contacts (tenant_id, amocrm_contact_id);

create table raw.amocrm_accounts (
  tenant_id uuid not null references app.tenants (tenant_id) on delete cascade,
  amocrm_account_id bigint not null,
  payload jsonb not null,
  fetched_at timestamptz not null,
  run_id text not null,
  primary key (tenant_id, amocrm_account_id)
);

create table raw.amocrm_users (
  tenant_id uuid not null references app.tenants (tenant_id) on delete cascade,
  amocrm_user_id bigint not null,
  payload jsonb not null,
  fetched_at timestamptz not null,
  run_id text not null,
  primary key (tenant_id, amocrm_user_id)
);

create table raw.amocrm_pipelines (
  tenant_id uuid not null references app.tenants (tenant_id) on delete cascade,
  amocrm_pipeline_id bigint not null,
  payload jsonb not null,
  fetched_at timestamptz not null,
  run_id text not null,
  primary key (tenant_id, amocrm_pipeline_id)
);

create table raw.amocrm_loss_reasons (
  tenant_id uuid not null references app.tenants (tenant_id) on delete cascade,
  amocrm_loss_reason_id bigint not null,
  payload jsonb not null,
  fetched_at timestamptz not null,
  run_id text not null,
  primary key (tenant_id, amocrm_loss_reason_id)
);

create table raw.amocrm_events (
  tenant_id uuid not null,
  business_day date not null,
  amocrm_event_id text not null,
  event_type text not null,
  entity_type text not null,
  entity_id bigint not null,
  created_at timestamptz not null,
  payload jsonb not null,
  fetched_at timestamptz not null,
  run_id text not null,
  primary key (tenant_id, business_day, amocrm_event_id)
) partition by range (business_day);

create table raw.radist_chats (
  tenant_id uuid not null references app.tenants (tenant_id) on delete cascade,
  business_day date not null,
  radist_chat_id bigint not null,
  radist_contact_id bigint not null,
  radist_connection_id bigint not null,
  phone_e164 text,
  payload jsonb not null,
  fetched_at timestamptz not null,
  run_id text not null,
  primary key (tenant_id, business_day, radist_chat_id)
);

create table raw.radist_messages (
  tenant_id uuid not null,
  business_day date not null,
  radist_message_id text not null,
  radist_chat_id bigint not null,
  direction text not null,
  created_at timestamptz not null,
  payload jsonb not null,
  fetched_at timestamptz not null,
  run_id text not null,
  primary key (tenant_id, business_day, radist_chat_id, radist_message_id)
) partition by range (business_day);

create index radist_messages_by_chat on raw.radist_messages (tenant_id, radist_chat_id, created_at);

-- Monthly partitions are made when a month is first written, by whoever writes it: the writer needs
-- no right to create tables.
create function raw.ensure_month(business_day date) returns void
language plpgsql
security definer
set search_path = ''
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
  end loop;
end
$$;
