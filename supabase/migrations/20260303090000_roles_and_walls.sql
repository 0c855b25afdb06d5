-- Who may do what, and the one rule that walls tenants off. No role here can log in: the platform's own login takes
-- one for the length of a transaction, people are granted one.
--
--   synkro_pipeline   runs: one tenant at a time, no DDL
--   synkro_console    console, command line and sensors: one tenant, or all of them when it says so
--   synkro_dbt        transforms: the tenant is a startup option of each connection
--   synkro_readonly   analysts: read one tenant at a time, no secrets
--   anon, authenticated, service_role    as a Supabase project has them

set lock_timeout = '10s';

do $$
declare
  wanted text;
  is_superuser boolean := (select rolsuper from pg_catalog.pg_roles where rolname = current_user);
begin
  foreach wanted in array array[
    'synkro_pipeline', 'synkro_console', 'synkro_dbt', 'synkro_readonly', 'anon', 'authenticated', 'service_role'
  ] loop
    begin
      if not exists (select from pg_catalog.pg_roles where rolname = wanted) then
        execute pg_catalog.format('create role %I nologin noinherit', wanted);
      end if;
    exception when duplicate_object or unique_violation then
      -- Roles belong to the whole server: another database's migration was faster.
      null;
    end;
    -- A superuser may become anybody; others must be granted it, from PostgreSQL 16 on in so many words.
    if not is_superuser and wanted like 'synkro%' then
      begin
        if current_setting('server_version_num')::integer < 160000 then
          if not pg_catalog.pg_has_role(current_user, wanted, 'MEMBER') then
            execute pg_catalog.format('grant %I to current_user', wanted);
          end if;
        elsif not pg_catalog.pg_has_role(current_user, wanted, 'SET') then
          execute pg_catalog.format('grant %I to current_user with inherit false, set true', wanted);
        end if;
      exception when insufficient_privilege then
        raise exception 'role % was made by somebody else: let a superuser run "grant % to %"',
          wanted, wanted, current_user using errcode = 'insufficient_privilege';
      end;
    end if;
  end loop;
  execute pg_catalog.format(
    'grant temporary on database %I to synkro_pipeline, synkro_dbt', pg_catalog.current_database()
  );
end
$$;

-- What is created later starts with no rights for anybody.
alter default privileges revoke execute on functions from public;
alter default privileges in schema app revoke all on tables from public, anon, authenticated, service_role;
alter default privileges in schema raw revoke all on tables from public, anon, authenticated, service_role;
alter default privileges in schema staging revoke all on tables from public, anon, authenticated, service_role;
alter default privileges in schema intermediate revoke all on tables from public, anon, authenticated, service_role;
alter default privileges in schema marts revoke all on tables from public, anon, authenticated, service_role;
alter default privileges in schema public revoke all on tables from public, anon, authenticated, service_role;
alter default privileges in schema public revoke all on functions from public, anon, authenticated, service_role;
alter default privileges in schema public revoke all on sequences from public, anon, authenticated, service_role;
revoke all on all tables in schema app, raw, staging, intermediate, marts from public, anon, authenticated, service_role;
revoke all on all functions in schema app, raw from public, anon, authenticated, service_role;
revoke create on schema public from public;

grant usage on schema app, raw, staging, intermediate, marts
to synkro_pipeline, synkro_console, synkro_dbt, synkro_readonly;

-- The tenant of the transaction, session or connection. A query that forgot to say it is an error and not an empty
-- answer, which would look like a quiet day.
create function app.current_tenant_id() returns uuid
language plpgsql
stable
set search_path = ''
as $$
declare
  said text := coalesce(pg_catalog.current_setting('app.tenant_id', true), '');
begin
  if said !~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' then
    raise exception 'no tenant is set: set app.tenant_id to the id of one tenant'
      using errcode = 'insufficient_privilege';
  end if;
  return said::uuid;
end
$$;

-- Whether the console has said that it means all tenants; for no other role does this mean anything.
create function app.spans_all_tenants() returns boolean
language sql
stable
set search_path = ''
return pg_catalog.current_setting('app.tenant_id', true) is not distinct from '*';

grant execute on function app.current_tenant_id()
to synkro_pipeline, synkro_console, synkro_dbt, synkro_readonly;
grant execute on function app.spans_all_tenants() to synkro_console;

-- Puts a table of tenants' rows behind the wall: row security enabled and forced, one policy for each role that may
-- touch it at all, and just the verbs named here. A view takes the verbs alone: it reads with the rights of who asks.
-- Called again it leaves the same; a caller that does not own the table is refused by PostgreSQL.
create function app.wall_off(
  target regclass, pipeline text default '', console text default '', dbt text default '', readonly text default ''
) returns void
language plpgsql
set search_path = ''
as $$
declare
  own constant text := 'tenant_id = (select app.current_tenant_id())';
  relation pg_catalog.pg_class;
  rule record;
  command "char";
begin
  select * into strict relation from pg_catalog.pg_class as class where class.oid = target;
  if relation.relkind in ('r', 'p') then
    if not exists (
      select from pg_catalog.pg_attribute as attribute
      where attribute.attrelid = target and attribute.attname = 'tenant_id' and not attribute.attisdropped
    ) then
      raise exception '% has no tenant_id: write its policies by hand', target;
    end if;
    if not (relation.relrowsecurity and relation.relforcerowsecurity) then
      execute pg_catalog.format('alter table %s enable row level security', target);
      execute pg_catalog.format('alter table %s force row level security', target);
    end if;
  end if;
  execute pg_catalog.format('revoke all on %s from public, anon', target);
  for rule in
    select * from (values
      ('synkro_pipeline', pipeline, 'The pipeline works within the tenant of its transaction', own),
      ('synkro_console', console, 'The console works within the tenants of its scope',
        '(select app.spans_all_tenants()) or ' || own),
      ('synkro_dbt', dbt, 'The transforms work within the tenant of their connection', own),
      ('synkro_readonly', readonly, 'Analysts read within the tenant of their session', own)
    ) as rules (role_name, verbs, title, predicate)
  loop
    execute pg_catalog.format('revoke all on %s from %I', target, rule.role_name);
    if rule.verbs <> '' then
      execute pg_catalog.format('grant %s on %s to %I', rule.verbs, target, rule.role_name);
    end if;
    command := case when rule.verbs ~ '^select( \([^)]*\))?$' then 'r' else '*' end;
    if relation.relkind not in ('r', 'p') or exists (
      select from pg_catalog.pg_policy as policy
      where policy.polrelid = target and policy.polname = rule.title
        and policy.polcmd = command and rule.verbs <> ''
    ) then
      continue;
    end if;
    execute pg_catalog.format('drop policy if exists %I on %s', rule.title, target);
    if rule.verbs = '' then
      continue;
    elsif command = 'r' then
      execute pg_catalog.format(
        'create policy %I on %s for select to %I using (%s)', rule.title, target, rule.role_name, rule.predicate
      );
    else
      execute pg_catalog.format(
        'create policy %I on %s to %I using (%s) with check (%s)',
        rule.title, target, rule.role_name, rule.predicate, rule.predicate
      );
    end if;
  end loop;
end
$$;
