-- Who forgot to say for which company is told so: an empty answer would look like a quiet day.
begin;
\ir ../personas.psql

create temporary view askers as
select roles.role_name, scopes.scope, scopes.title, tables.relation
from (values ('synkro_pipeline'), ('synkro_dbt'), ('synkro_readonly'), ('synkro_console')) as roles (role_name)
cross join (values
  ('', 'no tenant'), ('*', 'all tenants'), ('acme', 'a name'), ('aaaaaaaa-0000-4000-8000-000000000000,', 'a list')
) as scopes (scope, title)
cross join tenant_tables as tables
where has_any_column_privilege(roles.role_name, tables.relation, 'select')
  and not (roles.role_name = 'synkro_console' and scopes.scope = '*')
  -- A table without a row asks nobody anything.
  and (not tables.relispartition or tables.relation::text ~ '2026_03$');

-- What a role is told that asks a table for its rows.
create function pg_temp.told(role_name text, scope text, target regclass) returns text language plpgsql as $$
declare
  answer text := 'an answer';
begin
  begin
    perform set_config('app.tenant_id', scope, true);
    perform set_config('role', role_name, true);
    execute format('select 1 from %s', target);
  exception when others then
    answer := sqlstate || ' ' || sqlerrm;
  end;
  perform tap.step_back();
  return answer;
end
$$;

select plan((select count(*)::integer + 2 from askers));

select is(
  pg_temp.told(role_name, scope, relation),
  '42501 no tenant is set: set app.tenant_id to the id of one tenant',
  format('%s asks %s and says %s', role_name, relation, title)
)
from askers order by relation::text, role_name, title;

select is(
  pg_temp.told('synkro_console', '*', 'app.reports'), 'an answer', 'the console may say that it means all tenants'
);
select is(
  pg_temp.told('synkro_pipeline', tap.company('A')::text, 'app.reports'), 'an answer', 'one tenant is enough'
);

select * from finish();
rollback;
