-- Pacing by the provider's account instead of by tenant: two tenants that use one account share its limit.
set lock_timeout = '10s';

-- When the next request to one account may leave, and at what share of its rate. After a refusal for speed the share
-- is halved; it grows back with the time since share_at. The account is a hash: neither a host nor a key can be read.
create table app.provider_slots (
  account text not null check (account ~ '^[0-9a-f]{64}$'),
  bucket text not null,
  next_free_at timestamptz not null,
  share double precision not null default 1 check (share > 0 and share <= 1),
  share_at timestamptz not null default clock_timestamp(),
  primary key (account, bucket)
);

alter table app.provider_slots enable row level security;
alter table app.provider_slots force row level security;
grant select, insert, update on app.provider_slots to synkro_pipeline, synkro_console;
create policy "Who paces an account sees the slots of just that account" on app.provider_slots
to synkro_pipeline, synkro_console
using (account = (select pg_catalog.current_setting('app.provider_account', true)))
with check (account = (select pg_catalog.current_setting('app.provider_account', true)));
