-- Run requests that wait for an account: a run that met a provider's refusal of everything asks for itself again, and
-- is started once the account answers.

set lock_timeout = '10s';

alter table app.job_runs add column not_before timestamptz;
alter table app.job_runs add column waits_for text
constraint waits_for_an_integration check (waits_for in ('amocrm', 'radist'));

comment on column app.job_runs.not_before is 'A pending row that is held: its account is tried then, not earlier.';
comment on column app.job_runs.waits_for is 'The integration that did not answer when the run was asked for.';

-- squawk-ignore require-concurrent-index-creation -- no row is held yet: the index is born empty
create index job_runs_held on app.job_runs (not_before) where status = 'pending' and not_before is not null;
