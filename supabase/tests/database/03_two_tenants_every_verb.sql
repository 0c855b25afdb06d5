-- Two companies, every table, every verb: whoever belongs to A neither sees nor changes a row of B, and the other way
-- round. Tables are found in the catalogue, so a new one is tested from the day it is there.
begin;
\ir ../personas.psql

create temporary view bound as
select personas.persona, personas.role_name, personas.own, tables.relation
from personas cross join tenant_tables as tables
where personas.own is distinct from '*';

-- What a persona can do with a table that it should not, and the other way round; empty when all is well. Being
-- refused is well; so is a key that exists already, since what is refused by its key has passed the wall.
create function pg_temp.breaches(wanted text, target regclass) returns text[] language plpgsql as $$
declare
  who constant pg_temp.personas := (select personas from pg_temp.personas where persona = wanted);
  ours constant uuid := tap.company(who.own);
  may_select constant boolean := has_any_column_privilege(who.role_name, target, 'select');
  planted constant bigint := pg_temp.rows_of(target, ours);
  attempt record;
  found text[] := '{}';
  affected bigint;
  answer text;
begin
  perform tap.become(wanted);
  for attempt in
    select * from (
      select 'sees of others' as breach, 'none' as expected,
        format('select 1 from %s where tenant_id is distinct from %L', target, ours) as statement
      union all select 'adds to others', 'refused', tap.insert_of(target, companies.tenant_id)
        from pg_temp.companies where companies.tenant_id is distinct from ours
      union all select 'changes of others', 'none',
        format('update %s set tenant_id = tenant_id where tenant_id is distinct from %L', target, ours)
      union all select 'removes of others', 'none',
        format('delete from %s where tenant_id is distinct from %L', target, ours)
      union all select 'gives to others', 'refused',
        format('update %s set tenant_id = %L where tenant_id = %L', target, companies.tenant_id, ours)
        from pg_temp.companies where companies.tenant_id <> ours and planted > 0
      union all select 'sees none of its own', 'some',
        format('select 1 from %s where tenant_id = %L', target, ours)
        where planted > 0 and may_select
      union all select 'may not change its own', 'some',
        format('update %s set tenant_id = tenant_id where tenant_id = %L', target, ours)
        where planted > 0 and may_select and has_table_privilege(who.role_name, target, 'update')
      union all select 'may not add its own', 'some', tap.insert_of(target, ours)
        where ours is not null and has_table_privilege(who.role_name, target, 'insert')
      union all select 'may not remove its own', 'some',
        format('delete from %s where tenant_id = %L', target, ours)
        where planted > 0 and may_select and has_table_privilege(who.role_name, target, 'delete')
    ) as attempts
  loop
    begin
      execute attempt.statement;
      get diagnostics affected = row_count;
      answer := case when affected = 0 then 'none' else 'some' end;
      raise exception using errcode = 'ZZ000';
    exception
      when sqlstate 'ZZ000' then null;
      when insufficient_privilege then answer := 'refused';
      when unique_violation then answer := 'some';
      when others then answer := sqlerrm;
    end;
    if answer <> attempt.expected and not (answer = 'refused' and attempt.expected = 'none') then
      found := found || format('%s: %s', attempt.breach, answer);
    end if;
  end loop;
  perform tap.step_back();
  return found;
end
$$;

create function pg_temp.rows_of(target regclass, tenant_id uuid) returns bigint language plpgsql as $$
declare
  answer bigint;
begin
  execute format('select count(*) from %s where tenant_id = $1', target) into answer using tenant_id;
  return answer;
end
$$;

select plan((select count(*)::integer + 2 from bound));

select is(
  pg_temp.breaches(persona, relation), '{}', format('%s and the rows of others in %s', persona, relation)
)
from bound order by relation::text, persona;

select is_empty(
  $$ select relation, label from tenant_tables cross join companies
    where not relispartition and pg_temp.rows_of(relation, tenant_id) = 0 $$,
  'both companies have a row in every table'
);
select is_empty(
  $$ select relation from tenant_tables where relispartition and relation::text ~ '2026_03$'
    and pg_temp.rows_of(relation, tap.company('B')) = 0 $$,
  'and in every partition of the month'
);

select * from finish();
rollback;
