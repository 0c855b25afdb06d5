-- The roles that a Supabase project comes with. Nothing happens where they exist, as in a Supabase project.
--
-- Roles belong to the whole server and other databases there may be made compatible at the same moment: what
-- somebody else was faster at is done.

do $$
declare
  is_superuser boolean := (select rolsuper from pg_catalog.pg_roles where rolname = current_user);
  missing record;
  granted text;
begin
  for missing in
    select * from (values
      ('anon', 'nologin noinherit'),
      ('authenticated', 'nologin noinherit'),
      -- Only a superuser may hand this out, and only from here on does the role pass the walls.
      ('service_role', 'nologin noinherit' || case when is_superuser then ' bypassrls' else '' end),
      -- Whoever runs Supabase's Data API against this server gives it a password and lets it log in.
      ('authenticator', 'nologin noinherit')
    ) as wanted (role_name, options)
    where not exists (select from pg_catalog.pg_roles where rolname = wanted.role_name)
  loop
    begin
      execute pg_catalog.format('create role %I %s', missing.role_name, missing.options);
    exception when duplicate_object or unique_violation then
      null;
    end;
  end loop;

  -- The migrations make the role too, for those who push them with Supabase's command line alone.
  if is_superuser and not (select rolbypassrls from pg_catalog.pg_roles where rolname = 'service_role') then
    begin
      alter role service_role bypassrls;
    exception when internal_error then
      null;
    end;
  end if;

  foreach granted in array array['anon', 'authenticated', 'service_role'] loop
    if not pg_catalog.pg_has_role('authenticator', granted, 'MEMBER') then
      begin
        execute pg_catalog.format('grant %I to authenticator', granted);
      exception when unique_violation or insufficient_privilege then
        -- From PostgreSQL 16 on only who made a role, or a superuser, may grant it.
        null;
      end;
    end if;
  end loop;
end
$$;
