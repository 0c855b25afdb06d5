-- Pacing by the provider's account instead of by tenant: two tenants that use one account share its limit, and are
-- stopped together when it refuses everything.
--
-- The wall is the account's name: a session sees the rows of the one account it names. Every session of the pipeline
-- may name any account, so the wall keeps a forgotten "where" from touching other accounts, not a hostile query. That
-- is enough here: a name is a hash that cannot be guessed from another tenant's data, and the rows hold times only.

set lock_timeout = '10s';

-- Times are seconds since 1970, as the arithmetic wants them. The account is a hash: neither a host nor a key can be
-- read from it. After a refusal for speed the share of the rate is halved; it grows back with the time since share_at.
create table app.provider_slots (
  account text not null check (account ~ '^[0-9a-f]{64}$'),
  bucket text not null,
  recent double precision[] not null default '{}',
  share double precision not null default 1 check (share > 0 and share <= 1),
  share_at double precision not null default 0,
  paused_until double precision not null default 0,
  primary key (account, bucket)
);

comment on column app.provider_slots.recent is 'The last requests that were let go, oldest first.';

alter table app.provider_slots enable row level security;
alter table app.provider_slots force row level security;
grant select, insert, update on app.provider_slots to synkro_pipeline, synkro_console;
create policy "Who paces an account sees the slots of just that account" on app.provider_slots
to synkro_pipeline, synkro_console
using (account = (select pg_catalog.current_setting('app.provider_account', true)))
with check (account = (select pg_catalog.current_setting('app.provider_account', true)));

create table app.provider_stops (
  account text primary key check (account ~ '^[0-9a-f]{64}$'),
  stopped_until timestamptz not null,
  times integer not null check (times >= 0),
  reason text not null check (char_length(reason) between 1 and 1000),
  status integer
);

comment on table app.provider_stops is 'Accounts that refused every request: nobody asks them before stopped_until.';
comment on column app.provider_stops.times is 'Refusals of everything in a row; 0 when the account answers again.';

alter table app.provider_stops enable row level security;
alter table app.provider_stops force row level security;
grant select, insert, update on app.provider_stops to synkro_pipeline, synkro_console;
create policy "Who asks an account sees whether just that account is stopped" on app.provider_stops
to synkro_pipeline, synkro_console
using (account = (select pg_catalog.current_setting('app.provider_account', true)))
with check (account = (select pg_catalog.current_setting('app.provider_account', true)));
