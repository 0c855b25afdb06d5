-- A run that reads on in a day which a limit cut may wait for any source that was away.
set lock_timeout = '10s';

alter table app.job_runs drop constraint waits_for_an_integration;
alter table app.job_runs
add constraint waits_for_an_integration check (waits_for in ('amocrm', 'radist')) not valid;
alter table app.job_runs validate constraint waits_for_an_integration;

comment on column app.job_runs.waits_for is 'The integration that did not answer when the run was asked for.';
