-- Which phones of a day's dialogs were looked up in amoCRM because no stored lead has them, and which contacts have
-- them. A phone that nobody has is a dialog without a deal; a phone without a row was not looked up, which says
-- nothing. The rows also keep a re-run of the day from asking the same again.

set lock_timeout = '10s';

create table raw.amocrm_phone_lookups (
  tenant_id uuid not null references app.tenants (tenant_id) on delete cascade,
  business_day date not null,
  phone_e164 text not null,
  amocrm_contact_ids bigint[] not null,
  fetched_at timestamptz not null,
  run_id text not null,
  primary key (tenant_id, business_day, phone_e164)
);

comment on table raw.amocrm_phone_lookups is
  'One row per tenant, business day and phone of a dialog that was looked up in amoCRM.';
comment on column raw.amocrm_phone_lookups.amocrm_contact_ids is
  'The contacts that have the phone, told by its E.164 form; empty when nobody has it.';
comment on column raw.amocrm_phone_lookups.fetched_at is 'When amoCRM was asked.';

select raw.wall_off('raw.amocrm_phone_lookups');
