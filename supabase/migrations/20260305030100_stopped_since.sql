-- Since when an account has refused everything: what people ask first when they read of a stop.

set lock_timeout = '10s';

alter table app.provider_stops add column stopped_since timestamptz;

comment on column app.provider_stops.stopped_since is 'When the first of the refusals in a row came.';
