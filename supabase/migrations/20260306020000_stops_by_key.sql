-- An account that refuses everything refuses somebody's key. Tenants that ask one address with keys of their own share
-- its pace, but not their stops: the session names both, the account and the key.

set lock_timeout = '10s';

alter policy "Who asks an account sees whether just that account is stopped" on app.provider_stops
using (account = (select pg_catalog.current_setting('app.provider_key', true)))
with check (account = (select pg_catalog.current_setting('app.provider_key', true)));

comment on table app.provider_stops is
'Accounts that refused every request that came with a key: nobody asks them with it before stopped_until.';
comment on column app.provider_stops.account is 'A hash of the provider, the address and what stays the same of the key.';
