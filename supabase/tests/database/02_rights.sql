-- Who was granted what at all: signed-in people a few tables to read, the anonymous nothing, secrets to the services.
begin;
\ir ../personas.psql

-- What the Data API may show; rows are still a question of tenants.
create temporary view readable_by_people as
select to_regclass(name) as relation
from (values
  ('app.reports'), ('app.report_messages'), ('app.job_runs'), ('app.job_run_events'), ('public.integration_logs'),
  ('public.integration_stats_hourly'), ('public.integration_stats_daily'),
  -- The views of statistics read with the rights of who asks, so the sums beneath them are readable too.
  ('app.integration_log_days')
) as listed (name)
where to_regclass(name) is not null;

create temporary view granted as
select roles.rolname, owned.relation, verbs.verb
from owned_relations as owned
cross join (
  select rolname from pg_roles
  where rolname like 'synkro\_%' or rolname in ('anon', 'authenticated', 'service_role')
) as roles
cross join (values ('select'), ('insert'), ('update'), ('delete'), ('truncate'), ('references'), ('trigger')) as verbs (verb)
where owned.relkind in ('r', 'p', 'v', 'm', 'f') and case
  when verbs.verb in ('delete', 'truncate', 'trigger') then has_table_privilege(roles.rolname, owned.relation, verbs.verb)
  else has_any_column_privilege(roles.rolname, owned.relation, verbs.verb)
end;

create temporary view secrets as
select relation::regclass as relation, column_name, readers
from (values
  ('app.integration_configs', 'secret_data_encrypted', array['synkro_console', 'synkro_pipeline']),
  ('app.users', 'password_hash', array['synkro_console', 'synkro_guard'])
) as listed (relation, column_name, readers);

select plan(15);

select results_eq(
  $$ select relation::text from granted where rolname = 'authenticated' order by 1 $$,
  $$ select relation::text from readable_by_people order by 1 $$,
  'signed-in people may read reports, messages, runs, events and logs and nothing else'
);
select is_empty(
  $$ select relation, verb from granted where rolname = 'authenticated' and verb <> 'select' $$,
  'and change nothing'
);
select is_empty($$ select relation, verb from granted where rolname = 'anon' $$, 'the anonymous may touch nothing');
select is_empty(
  $$ select schema_name from owned_schemas
    where schema_name <> 'public' and has_schema_privilege('anon', schema_name, 'usage') $$,
  'nor enter a schema but public, which is open in every Supabase project'
);
select is_empty(
  $$ select routine.oid::regprocedure
    from pg_proc as routine join pg_namespace as namespace on namespace.oid = routine.pronamespace
    join owned_schemas on owned_schemas.schema_name = namespace.nspname
    where has_function_privilege('anon', routine.oid, 'execute')
      and not exists (select from pg_depend where pg_depend.objid = routine.oid and pg_depend.deptype = 'e') $$,
  'nor run a function'
);
select is_empty(
  $$ select relation, verb from granted
    where rolname = 'service_role' and relation::text !~ '^(public\.integration_|app\.integration_log_days$)' $$,
  'a project''s service key opens the exchange log and nothing of the platform''s own'
);
select is_empty(
  $$ select relation, rolname from granted where verb in ('truncate', 'references', 'trigger') $$,
  'nobody may truncate, which no policy stops, nor hang a trigger or a reference on a table'
);
select is_empty(
  $$ select relation, rolname, verb from granted
    where rolname in ('synkro_readonly', 'synkro_guard') and verb <> 'select'
      and (rolname, relation::text, verb) <> ('synkro_guard', 'app.audit_logs', 'insert')
      and (rolname, relation::text) <> ('synkro_guard', 'app.integration_log_days')
      and not (rolname = 'synkro_guard' and relation::text like 'raw.%' and verb = 'delete') $$,
  'analysts change nothing; the platform''s own functions add to the audit log, sum up the exchange log and forget'
);
select is_empty(
  $$ select rolname, verb from granted
    where relation::text = 'app.audit_logs' and verb not in ('select', 'insert') $$,
  'the audit log is append-only for every role'
);
select is_empty(
  $$ select relation, verb from granted
    where rolname = 'synkro_dbt' and verb <> 'select' and relation::text not like 'marts.%' $$,
  'transforms change marts and nothing else'
);
select is_empty(
  $$ select secrets.relation, roles.rolname from secrets cross join (select distinct rolname from granted) as roles
    where has_column_privilege(roles.rolname, secrets.relation, secrets.column_name, 'select')
      and roles.rolname <> all(secrets.readers) $$,
  'secrets are unreadable by everyone but the services'
);
select results_eq(
  $$ select count(*) from secrets cross join unnest(readers) as reader
    where has_column_privilege(reader, relation, column_name, 'select') and reader <> 'synkro_guard' $$,
  $$ values (3::bigint) $$,
  'which read them'
);

select tap.become('analyst of A');
select throws_ok(
  'select secret_data_encrypted from app.integration_configs', '42501', null, 'an analyst asks for secrets in vain'
);
select lives_ok('select kind, status from app.integration_configs', 'and sees what is configured and how it is');
select tap.step_back();

select tap.become('administrator of A');
select throws_ok('select password_hash from app.users', '42501', null, 'an administrator asks for passwords in vain');
select tap.step_back();

select * from finish();
rollback;
