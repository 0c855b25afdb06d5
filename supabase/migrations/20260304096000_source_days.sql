-- What is known of a tenant's day from each source: as of when its raw rows are, whether reading stopped at a limit of
-- the tenant's and where it goes on, and why the source could not be read again since. A row is there once the day's
-- rows are, written in the same transaction.

set lock_timeout = '10s';

create table app.source_days (
  tenant_id uuid not null references app.tenants (tenant_id) on delete cascade,
  business_day date not null,
  source text not null constraint source_is_known check (source in ('amocrm', 'radist')),
  data_as_of timestamptz not null,
  is_truncated boolean not null default false,
  cuts jsonb not null default '[]' constraint cuts_are_a_list check (jsonb_typeof(cuts) = 'array'),
  place jsonb,
  last_error text,
  last_failed_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (tenant_id, business_day, source),
  constraint failure_has_a_time check ((last_error is null) = (last_failed_at is null)),
  constraint truncated_days_name_their_cuts check (is_truncated = (cuts <> '[]'))
);

comment on table app.source_days is 'One row per tenant, business day and source whose raw rows of that day are stored.';
comment on column app.source_days.data_as_of is 'When the reading of the stored rows began.';
comment on column app.source_days.cuts is 'The limits that ended the reading: limit, value, unit, read, left or null.';
comment on column app.source_days.place is 'Where the next reading of the day goes on.';
comment on column app.source_days.last_error is 'Why the source could not be read again; null once it was.';

create trigger source_days_set_updated_at before update on app.source_days
for each row execute function app.set_updated_at();

select app.wall_off('app.source_days',
  pipeline => 'select, insert, update', console => 'select', readonly => 'select');
