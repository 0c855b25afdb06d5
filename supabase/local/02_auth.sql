-- Who is signed in, as a Supabase project answers it: from the claims that the Data API sets for each request. A
-- database that has auth.uid() already is left alone.

do $$
begin
  if pg_catalog.to_regprocedure('auth.uid()') is not null then
    return;
  end if;

  create schema if not exists auth;

  create function auth.jwt() returns jsonb
  language sql
  stable
  set search_path = ''
  return coalesce(
    nullif(pg_catalog.current_setting('request.jwt.claim', true), ''),
    nullif(pg_catalog.current_setting('request.jwt.claims', true), '')
  )::jsonb;

  create function auth.uid() returns uuid
  language sql
  stable
  set search_path = ''
  return coalesce(
    nullif(pg_catalog.current_setting('request.jwt.claim.sub', true), ''),
    nullif(pg_catalog.current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub'
  )::uuid;

  create function auth.role() returns text
  language sql
  stable
  set search_path = ''
  return coalesce(
    nullif(pg_catalog.current_setting('request.jwt.claim.role', true), ''),
    nullif(pg_catalog.current_setting('request.jwt.claims', true), '')::jsonb ->> 'role'
  );

  create function auth.email() returns text
  language sql
  stable
  set search_path = ''
  return coalesce(
    nullif(pg_catalog.current_setting('request.jwt.claim.email', true), ''),
    nullif(pg_catalog.current_setting('request.jwt.claims', true), '')::jsonb ->> 'email'
  );

  revoke execute on function auth.jwt(), auth.uid(), auth.role(), auth.email() from public;
  grant usage on schema auth to anon, authenticated, service_role;
  grant execute on function auth.jwt(), auth.uid(), auth.role(), auth.email()
  to anon, authenticated, service_role;
end
$$;
