-- What Synkro writes into a company's own Supabase project: its business days, for its analysts.
-- Paste it into the project's SQL editor, which runs it as one transaction. Pasting it again changes nothing.
--
-- Synkro writes with the secret (service_role) key. Row level security is on and there is no policy: neither anon nor
-- authenticated reads a row, since whoever may sign up in an app of this project would read customers' messages. To
-- let people in, write a policy of your own, such as
--   create policy "Analysts read leads" on public.leads for select to authenticated using (…);
--
-- leads, dialogs, messages and reports hold a day as it was when it ended: their keys begin with the day, and a day
-- that Synkro makes again replaces its rows. contacts and lead_contacts hold the latest that is known.

set lock_timeout = '10s';

-- A table of the same name that is somebody else's is left alone, and nothing here is created beside it.
do $$
declare
  found record;
begin
  for found in
    select wanted.table_name
    from (values
      ('leads', 'amocrm_lead_id'), ('contacts', 'amocrm_contact_id'), ('lead_contacts', 'amocrm_contact_id'),
      ('dialogs', 'radist_chat_id'), ('messages', 'radist_message_id'), ('reports', 'summary_text')
    ) as wanted (table_name, column_name)
    inner join pg_catalog.pg_class as class
      on class.relname = wanted.table_name and class.relnamespace = 'public'::regnamespace
    where (
      select count(*) from pg_catalog.pg_attribute as attribute
      where attribute.attrelid = class.oid and attribute.attname in ('tenant_id', wanted.column_name)
    ) < 2
  loop
    raise exception 'public.% exists and is not Synkro''s: rename it, then run this again', found.table_name;
  end loop;
end
$$;

create table if not exists public.leads (
  tenant_id uuid not null,
  business_day date not null,
  amocrm_lead_id bigint not null,
  lead_name text,
  amocrm_pipeline_id bigint,
  pipeline_name text,
  amocrm_status_id bigint,
  status_name text,
  amocrm_user_id bigint,
  manager_name text,
  price_amount bigint,
  currency_code text,
  created_at timestamptz,
  closed_at timestamptz,
  loss_reason_name text,
  is_created boolean not null,
  is_moved boolean not null,
  is_won boolean not null,
  is_lost boolean not null,
  is_deleted boolean not null,
  constraint leads_once_a_day primary key (tenant_id, business_day, amocrm_lead_id)
);

comment on table public.leads is
  'One row per lead and business day on which it was created, moved or updated, as it was when the day ended.';
comment on column public.leads.tenant_id is 'The company in Synkro; part of every key.';
comment on column public.leads.business_day is 'The business day, a date in the company''s time zone.';
comment on column public.leads.amocrm_lead_id is 'The lead in amoCRM.';
comment on column public.leads.amocrm_status_id is 'The stage; 142 is won and 143 lost in every pipeline.';
comment on column public.leads.amocrm_user_id is 'Who is responsible, in amoCRM.';
comment on column public.leads.price_amount is 'The price in whole units of currency_code.';
comment on column public.leads.currency_code is 'ISO 4217; null when not known.';
comment on column public.leads.is_created is 'Whether the lead was created on the day.';
comment on column public.leads.is_moved is 'Whether it went to a stage other than won and lost on the day.';
comment on column public.leads.is_won is 'Whether its last change of the day goes to won.';
comment on column public.leads.is_lost is 'Whether its last change of the day goes to lost.';
comment on column public.leads.is_deleted is 'Whether it was deleted when the day ended.';

create table if not exists public.contacts (
  tenant_id uuid not null,
  amocrm_contact_id bigint not null,
  contact_name text,
  phones_e164 text[] not null,
  amocrm_user_id bigint,
  created_at timestamptz,
  updated_at timestamptz not null,
  is_deleted boolean not null,
  constraint contacts_once primary key (tenant_id, amocrm_contact_id)
);

comment on table public.contacts is
  'One row per contact of amoCRM that changed on an exported day or belongs to a lead of one: its latest known state.';
comment on column public.contacts.tenant_id is 'The company in Synkro; part of every key.';
comment on column public.contacts.phones_e164 is 'Its phone numbers in E.164 form, as in dialogs.phone_e164.';
comment on column public.contacts.updated_at is 'When it was last changed in amoCRM.';

create table if not exists public.lead_contacts (
  tenant_id uuid not null,
  amocrm_lead_id bigint not null,
  amocrm_contact_id bigint not null,
  is_main boolean not null,
  constraint lead_contacts_once primary key (tenant_id, amocrm_lead_id, amocrm_contact_id)
);

create index if not exists lead_contacts_by_contact on public.lead_contacts (tenant_id, amocrm_contact_id);

comment on table public.lead_contacts is 'One row per contact of a lead of an exported day, as latest known.';
comment on column public.lead_contacts.tenant_id is 'The company in Synkro; part of every key.';
comment on column public.lead_contacts.is_main is 'Whether it is the lead''s main contact.';

create table if not exists public.dialogs (
  tenant_id uuid not null,
  business_day date not null,
  radist_chat_id bigint not null,
  radist_contact_id bigint,
  contact_name text,
  phone_e164 text,
  radist_connection_id bigint,
  connection_type text,
  is_group boolean not null,
  messages_in_count bigint not null,
  messages_out_count bigint not null,
  first_message_at timestamptz not null,
  last_message_at timestamptz not null,
  first_reply_calendar_minutes numeric,
  first_reply_working_minutes numeric,
  is_unanswered boolean not null,
  waiting_since_at timestamptz,
  waiting_calendar_minutes numeric,
  waiting_working_minutes numeric,
  amocrm_lead_id bigint,
  amocrm_user_id bigint,
  manager_name text,
  is_in_crm boolean,
  constraint dialogs_once_a_day primary key (tenant_id, business_day, radist_chat_id)
);

comment on table public.dialogs is 'One row per chat and business day on which it had a message.';
comment on column public.dialogs.tenant_id is 'The company in Synkro; part of every key.';
comment on column public.dialogs.business_day is 'The business day, a date in the company''s time zone.';
comment on column public.dialogs.radist_chat_id is 'The chat in Radist.Online.';
comment on column public.dialogs.connection_type is 'The messenger: whatsapp, telegram, …';
comment on column public.dialogs.messages_in_count is 'Messages from the customer.';
comment on column public.dialogs.messages_out_count is 'Messages to the customer.';
comment on column public.dialogs.first_reply_calendar_minutes is
  'Minutes to the answer of the day''s first answered turn; null without one.';
comment on column public.dialogs.first_reply_working_minutes is 'The part of those minutes within working hours.';
comment on column public.dialogs.is_unanswered is 'Whether the customer was waiting for an answer when the day ended.';
comment on column public.dialogs.waiting_calendar_minutes is 'Minutes waited when the day ended.';
comment on column public.dialogs.waiting_working_minutes is 'The part of those minutes within working hours.';
comment on column public.dialogs.amocrm_lead_id is 'The lead the dialog belongs to; null without one.';
comment on column public.dialogs.is_in_crm is
  'Whether a contact in amoCRM has the phone number; null on a day that did not read amoCRM.';

create table if not exists public.messages (
  tenant_id uuid not null,
  business_day date not null,
  radist_chat_id bigint not null,
  radist_message_id text not null,
  direction text not null constraint direction_is_known check (direction in ('inbound', 'outbound', 'other')),
  message_type text not null,
  message_text text,
  sent_at timestamptz not null,
  constraint messages_once_a_day primary key (tenant_id, business_day, radist_chat_id, radist_message_id),
  constraint messages_belong_to_a_dialog foreign key (tenant_id, business_day, radist_chat_id)
  references public.dialogs (tenant_id, business_day, radist_chat_id) on delete cascade
);

comment on table public.messages is 'One row per message of a dialog.';
comment on column public.messages.tenant_id is 'The company in Synkro; part of every key.';
comment on column public.messages.business_day is 'The business day, a date in the company''s time zone.';
comment on column public.messages.direction is 'inbound from the customer, outbound to the customer.';
comment on column public.messages.message_type is 'text, image, voice, …';
comment on column public.messages.message_text is 'The words: text or caption; null when there are none.';

create table if not exists public.reports (
  report_row_id bigint generated always as identity,
  tenant_id uuid not null,
  business_day date not null,
  report_type text not null constraint report_type_is_known check (report_type in ('daily', 'forced')),
  window_start timestamptz not null,
  window_end timestamptz not null,
  status text not null,
  summary_text text not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint reports_pkey primary key (report_row_id),
  constraint reports_one_of_a_type_per_day unique (tenant_id, business_day, report_type)
);

comment on table public.reports is 'The reports of a business day.';
comment on column public.reports.tenant_id is 'The company in Synkro; part of every key.';
comment on column public.reports.business_day is 'The business day; for a forced report the last one its window touches.';
comment on column public.reports.report_type is 'daily, or forced: on a window of time that somebody asked for.';
comment on column public.reports.status is
  'complete, or facts_only: numbers without the conclusions of a model.';
comment on column public.reports.updated_at is 'When Synkro last made it.';

alter table public.leads enable row level security;
alter table public.contacts enable row level security;
alter table public.lead_contacts enable row level security;
alter table public.dialogs enable row level security;
alter table public.messages enable row level security;
alter table public.reports enable row level security;

-- A project may grant new tables to everybody by default. What authenticated may read is left to your own policies.
revoke all on public.leads, public.contacts, public.lead_contacts, public.dialogs, public.messages, public.reports
from anon;
revoke insert, update, delete, truncate, references, trigger
on public.leads, public.contacts, public.lead_contacts, public.dialogs, public.messages, public.reports
from authenticated;
grant select, insert, update, delete
on public.leads, public.contacts, public.lead_contacts, public.dialogs, public.messages, public.reports
to service_role;
