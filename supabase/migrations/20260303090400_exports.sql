-- What is owed to a tenant's own Supabase project: one row per business day whose report was made while the tenant
-- had such a project. A day that is made again is owed again. Whoever makes the report writes the row in the report's
-- own transaction, so no day is forgotten while the project does not answer.

set lock_timeout = '10s';

create table app.exports (
  tenant_id uuid not null references app.tenants (tenant_id) on delete cascade,
  business_day date not null,
  target text not null constraint target_is_known check (target in ('supabase')),
  status text not null default 'pending' constraint status_is_known check (status in ('pending', 'done')),
  attempts integer not null default 0,
  next_attempt_at timestamptz not null default now(),
  last_error text,
  rows_by_table jsonb,
  exported_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (tenant_id, business_day, target)
);

comment on table app.exports is 'One row per tenant, business day and target that the day is or was to be exported to.';

create index exports_to_make on app.exports (tenant_id, next_attempt_at) where status = 'pending';

create trigger exports_set_updated_at before update on app.exports
for each row execute function app.set_updated_at();

select app.wall_off('app.exports', pipeline => 'select, insert, update', console => 'select', readonly => 'select');
