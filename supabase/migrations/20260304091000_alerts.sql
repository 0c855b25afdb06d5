-- What people of a tenant were told about at most once a day: an integration to connect again, an account that is
-- blocked. The row is there before anything is sent, so that a chat that does not answer costs the alert nothing.

set lock_timeout = '10s';

create table app.alerts (
  tenant_id uuid not null references app.tenants (tenant_id) on delete cascade,
  subject text not null constraint subject_is_a_name check (subject ~ '^[a-z][a-z0-9_.]{0,62}$'),
  alert_day date not null,
  text text not null constraint text_is_short check (char_length(text) between 1 and 1000),
  attempted_at timestamptz,
  sent_at timestamptz,
  last_error text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (tenant_id, subject, alert_day)
);

comment on table app.alerts is 'One row per tenant, subject and calendar day of the tenant on which it was alerted.';
comment on column app.alerts.attempted_at is 'When a sender last took the alert in hand; a lease, not a delivery.';

create trigger alerts_set_updated_at before update on app.alerts
for each row execute function app.set_updated_at();

select app.wall_off('app.alerts',
  pipeline => 'select, insert, update', console => 'select, insert, update', readonly => 'select');
