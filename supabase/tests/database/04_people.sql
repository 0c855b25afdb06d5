-- People who sign in by Supabase: what each sees of two companies' reports, messages, runs, events and logs.
begin;
\ir ../personas.psql

create temporary view shown as
select to_regclass(name) as relation
from (values
  ('app.reports'), ('app.report_messages'), ('app.job_runs'), ('app.job_run_events'), ('public.integration_logs')
) as listed (name)
where to_regclass(name) is not null;
grant select on shown to public;

-- Which companies' rows a persona sees in a table, such as {A}.
create function pg_temp.seen(wanted text, target regclass) returns text[] language plpgsql as $$
declare
  tenants uuid[];
begin
  perform tap.become(wanted);
  execute format('select array_agg(distinct tenant_id) from %s', target) into tenants;
  perform tap.step_back();
  return array(select label from pg_temp.companies where tenant_id = any(tenants) order by 1);
end
$$;

create temporary table expectations (persona, companies, sentence) on commit drop as
values
  ('manager of A', '{A}'::text[], 'a manager sees the company''s own in'),
  ('administrator of A', '{A}', 'an administrator sees the company''s own in'),
  ('stranger', '{}', 'who belongs to no company sees nothing in'),
  ('manager of A who was disabled', '{}', 'who was disabled sees nothing more in'),
  ('super administrator', '{A,B}', 'a super administrator sees every company in');

select plan((select count(*)::integer + 9 from expectations cross join shown));

select is(pg_temp.seen(persona, relation), companies, format('%s %s', sentence, relation))
from expectations cross join shown order by persona, relation::text;

select throws_ok(
  format($$ select pg_temp.seen('anonymous', %L) $$, 'app.reports'), '42501', null, 'the anonymous are refused'
);
select tap.step_back();

select tap.become('manager of A');
select set_eq('select app.my_tenant_ids()', $$ select tap.company('A') $$, 'a manager belongs to one company');
select ok(not app.is_super_admin(), 'and is no super administrator');
select throws_ok(
  $$ update app.user_roles set role = 'super_admin' $$, '42501', null, 'nor makes one of himself'
);
select throws_ok(
  $$ insert into app.report_messages (tenant_id, report_id, role, channel, author, text)
    select tenant_id, report_id, 'user', 'web', 'me', 'hello' from app.reports $$,
  '42501', null, 'questions are asked through the platform, not the table'
);
select set_config('app.tenant_id', '*', true);
select is(
  (select count(*) from app.reports where tenant_id <> tap.company('A')), 0::bigint,
  'saying that all tenants are meant means nothing here'
);
select set_config('role', 'none', true);
delete from app.user_roles where user_id = (select user_id from personas where persona = 'manager of A');
select is(pg_temp.seen('manager of A', 'app.reports'), '{}', 'who has left a company sees nothing more of it');

select tap.become('super administrator');
select ok(app.is_super_admin(), 'a super administrator is known as one');
select tap.step_back();
select set_config('request.jwt.claims', '{"role": "authenticated"}', true);
select set_config('role', 'authenticated', true);
select is((select count(*) from app.reports), 0::bigint, 'a token that names nobody shows nothing');
select tap.step_back();

select * from finish();
rollback;
