-- A change that waited for another transaction's row lets PostgreSQL judge the row's new version again, and for that it
-- evaluates every part of a policy, also the part that is not needed: the console over all tenants has no one tenant,
-- and whatever it had waited for failed. For whoever acts as the console "all of them" is an answer too, one that
-- matches no row by itself; for every other role it stays an error.

set lock_timeout = '10s';

create or replace function app.current_tenant_id() returns uuid
language plpgsql
stable
set search_path = ''
as $$
declare
  said text := coalesce(pg_catalog.current_setting('app.tenant_id', true), '');
begin
  if said = '*' and pg_catalog.pg_has_role(current_user, 'synkro_console', 'usage') then
    return null;
  end if;
  if said !~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' then
    raise exception 'no tenant is set: set app.tenant_id to the id of one tenant'
      using errcode = 'insufficient_privilege';
  end if;
  return said::uuid;
end
$$;
