-- The roles that the migrations after this one give rights to, in a transaction of their own. Roles belong to the whole
-- server, and another database's migration may be making them at this moment; a transaction that waited for that goes
-- on believing that there is no such role until it ends (seen on PostgreSQL 15), so it must not be the one to use it.

set lock_timeout = '10s';

do $$
declare
  wanted text;
begin
  foreach wanted in array array[
    'synkro_pipeline', 'synkro_console', 'synkro_dbt', 'synkro_readonly', 'synkro_guard',
    'anon', 'authenticated', 'service_role'
  ] loop
    begin
      if not exists (select from pg_catalog.pg_roles where rolname = wanted) then
        execute pg_catalog.format('create role %I nologin noinherit', wanted);
      end if;
    exception when duplicate_object or unique_violation then
      null;
    end;
  end loop;
end
$$;
