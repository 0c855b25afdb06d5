-- Records that a provider sent and that cannot be used, with the reason: a NUL byte, half a character, a text of a
-- megabyte, an absurd date, an id that is none, a field of another type. They are kept so that somebody can look, and
-- counted so that nobody thinks the day is whole. A day's records of a source are replaced with the day's load; a
-- record whose day cannot be told belongs to the first day of the range that was read.

set lock_timeout = '10s';

create table raw.quarantined_records (
  tenant_id uuid not null references app.tenants (tenant_id) on delete cascade,
  business_day date not null,
  source text not null constraint source_is_known check (source in ('amocrm', 'radist')),
  entity text not null,
  record_hash text not null,
  provider_id text,
  reason text not null,
  record text not null,
  record_bytes bigint not null,
  fetched_at timestamptz not null,
  run_id text not null,
  primary key (tenant_id, business_day, source, entity, record_hash)
);

comment on table raw.quarantined_records is
  'One row per tenant, business day, source and record that could not be used.';
comment on column raw.quarantined_records.record is
  'The record as JSON in ASCII, which can write what jsonb cannot hold; cut after 16 KiB with a mark.';
comment on column raw.quarantined_records.record_bytes is 'How long the record is in that form, uncut.';

select raw.wall_off('raw.quarantined_records');
