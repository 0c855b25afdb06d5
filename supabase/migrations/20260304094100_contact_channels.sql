-- Phones and e-mails of contacts, one row each: as it was written, and in the form that can be compared. They are parts
-- of a contact's version and follow it.

set lock_timeout = '10s';

create table raw.amocrm_contact_channels (
  tenant_id uuid not null references app.tenants (tenant_id) on delete cascade,
  amocrm_contact_id bigint not null,
  contact_updated_at timestamptz not null,
  kind text not null constraint kind_is_known check (kind in ('phone', 'email')),
  "position" integer not null,
  business_day date not null,
  value_as_written text not null,
  value_normal text,
  enum_code text,
  payload jsonb not null,
  fetched_at timestamptz not null,
  run_id text not null,
  primary key (tenant_id, amocrm_contact_id, contact_updated_at, fetched_at, kind, "position"),
  foreign key (tenant_id, amocrm_contact_id, contact_updated_at, fetched_at)
  references raw.amocrm_contacts (tenant_id, amocrm_contact_id, updated_at, fetched_at)
  on update cascade on delete cascade
);

comment on table raw.amocrm_contact_channels is
'One row per phone number or e-mail address of a version of a contact; a field that holds two numbers makes two rows.';

create index amocrm_contact_channels_by_value
on raw.amocrm_contact_channels (tenant_id, kind, value_normal) where value_normal is not null;

select raw.wall_off('raw.amocrm_contact_channels');

-- Versions stored before there was this table will not be stored again. Their numbers are known in E.164 alone.
insert into raw.amocrm_contact_channels (
  tenant_id, amocrm_contact_id, contact_updated_at, kind, "position", business_day, value_as_written, value_normal,
  payload, fetched_at, run_id
)
select
  contacts.tenant_id,
  contacts.amocrm_contact_id,
  contacts.updated_at,
  'phone',
  phones.place - 1,
  contacts.business_day,
  phones.phone_e164,
  phones.phone_e164,
  '{}',
  contacts.fetched_at,
  contacts.run_id
from raw.amocrm_contacts as contacts
cross join lateral unnest(contacts.phones_e164) with ordinality as phones (phone_e164, place)
where phones.phone_e164 is not null;
