-- The last request for new OAuth tokens of an integration, written before it is sent: a refresh token works once, so
-- a request whose answer was lost, or whose sender was killed, must be known to whoever comes next.

set lock_timeout = '10s';

-- No reference to the integration: its row is locked for as long as the request is under way.
create table app.token_requests (
  tenant_id uuid not null references app.tenants (tenant_id) on delete cascade,
  kind text not null constraint kind_has_rotating_tokens check (kind = 'amocrm'),
  fingerprint text not null constraint fingerprint_is_a_sha256 check (fingerprint ~ '^[0-9a-f]{64}$'),
  attempts integer not null default 1 constraint attempts_are_counted check (attempts > 0),
  sent_at timestamptz not null,
  run_id uuid,
  refused_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (tenant_id, kind)
);

comment on column app.token_requests.fingerprint is 'SHA-256 of the refresh token sent; another token starts anew.';
comment on column app.token_requests.run_id is 'Whose request it was; another attempt is never the same run''s.';
comment on column app.token_requests.refused_at is 'Since when no request leaves until the integration is saved.';

create trigger token_requests_set_updated_at before update on app.token_requests
for each row execute function app.set_updated_at();

select app.wall_off('app.token_requests', pipeline => 'select, insert, update, delete',
  console => 'select, insert, update, delete', readonly => 'select');
