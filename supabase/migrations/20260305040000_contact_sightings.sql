-- amoCRM lists no deleted contacts: one that was asked for by its id and not shown is deleted, or hidden from us. When
-- that was first seen is kept here, and when it was shown again; the contact's own versions stay as they are.

set lock_timeout = '10s';

create table raw.amocrm_contact_sightings (
  tenant_id uuid not null references app.tenants (tenant_id) on delete cascade,
  amocrm_contact_id bigint not null,
  business_day date not null,
  is_deleted boolean not null,
  payload jsonb not null,
  fetched_at timestamptz not null,
  run_id text not null,
  primary key (tenant_id, amocrm_contact_id, fetched_at)
);

comment on table raw.amocrm_contact_sightings is
'One row per contact when it was first asked for, and per time when it was found to be gone or back.';

select raw.wall_off('raw.amocrm_contact_sightings');
