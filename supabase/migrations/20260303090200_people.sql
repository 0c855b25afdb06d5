-- People, what they may see, and what they ask about a report.

set lock_timeout = '10s';

create table app.users (
  user_id uuid primary key default gen_random_uuid(),
  email text not null constraint email_has_an_at_sign check (email ~ '^[^@[:space:]]+@[^@[:space:]]+$'),
  password_hash text,
  disabled_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

comment on column app.users.user_id is
'Where people sign in by Supabase Auth, the id they have there (auth.users.id).';

create unique index users_by_email on app.users (lower(email));

create trigger users_set_updated_at before update on app.users
for each row execute function app.set_updated_at();

create table app.user_profiles (
  user_id uuid primary key references app.users (user_id) on delete cascade,
  full_name text,
  phone text constraint phone_is_e164 check (phone ~ '^\+[1-9][0-9]{6,14}$'),
  timezone text,
  language text constraint language_is_known check (language in ('ru', 'en')),
  updated_at timestamptz not null default now()
);

create trigger user_profiles_set_updated_at before update on app.user_profiles
for each row execute function app.set_updated_at();

create table app.user_roles (
  user_role_id bigint primary key generated always as identity,
  user_id uuid not null references app.users (user_id) on delete cascade,
  role text not null constraint role_is_known check (role in ('super_admin', 'admin_lite', 'user')),
  tenant_id uuid references app.tenants (tenant_id) on delete cascade,
  created_at timestamptz not null default now(),
  constraint one_role_per_user_and_tenant unique nulls not distinct (user_id, tenant_id)
);

comment on column app.user_roles.tenant_id is 'Null: the role holds for every tenant.';

create index user_roles_by_tenant on app.user_roles (tenant_id);

alter table app.users enable row level security;
alter table app.users force row level security;
alter table app.user_profiles enable row level security;
alter table app.user_profiles force row level security;
alter table app.user_roles enable row level security;
alter table app.user_roles force row level security;

grant select, insert, update, delete on app.users, app.user_profiles, app.user_roles to synkro_console;

create policy "The console manages the roles within its scope" on app.user_roles to synkro_console
using ((select app.spans_all_tenants()) or tenant_id = (select app.current_tenant_id()))
with check ((select app.spans_all_tenants()) or tenant_id = (select app.current_tenant_id()));

create policy "The console manages the people within its scope" on app.users to synkro_console
using (
  (select app.spans_all_tenants())
  or user_id in (select role.user_id from app.user_roles as role where role.tenant_id = (select app.current_tenant_id()))
)
with check (
  (select app.spans_all_tenants())
  or user_id in (select role.user_id from app.user_roles as role where role.tenant_id = (select app.current_tenant_id()))
);

create policy "The console manages the profiles within its scope" on app.user_profiles to synkro_console
using (
  (select app.spans_all_tenants())
  or user_id in (select role.user_id from app.user_roles as role where role.tenant_id = (select app.current_tenant_id()))
)
with check (
  (select app.spans_all_tenants())
  or user_id in (select role.user_id from app.user_roles as role where role.tenant_id = (select app.current_tenant_id()))
);

-- Who is signed in, as PostgREST says it for each request of Supabase's Data API; read from its setting, so that it
-- answers without Supabase's own auth schema too.
create function app.signed_in_user_id() returns uuid
language sql
stable
set search_path = ''
return (nullif(pg_catalog.current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid;

-- Whom the functions run as that must see more than their callers may. Nobody works as it, so it needs no tenant to be
-- set: a function cannot carry that setting itself where the migrating login is no superuser.
do $$
declare
  is_superuser boolean := (select rolsuper from pg_catalog.pg_roles where rolname = current_user);
begin
  begin
    if not exists (select from pg_catalog.pg_roles where rolname = 'synkro_guard') then
      create role synkro_guard nologin noinherit;
    end if;
  exception when duplicate_object or unique_violation then
    -- Roles belong to the whole server: another database's migration was faster.
    null;
  end;
  if is_superuser then
    return;
  elsif current_setting('server_version_num')::integer >= 160000 then
    if not pg_catalog.pg_has_role(current_user, 'synkro_guard', 'SET') then
      execute 'grant synkro_guard to current_user with inherit false, set true';
    end if;
  elsif not pg_catalog.pg_has_role(current_user, 'synkro_guard', 'MEMBER') then
    execute 'grant synkro_guard to current_user';
  end if;
end
$$;

grant usage on schema app to synkro_guard;
grant select on app.tenants, app.users, app.user_roles to synkro_guard;
create policy "The platform's own functions look up tenants" on app.tenants for select to synkro_guard using (true);
create policy "The platform's own functions look up people" on app.users for select to synkro_guard using (true);
create policy "The platform's own functions look up roles" on app.user_roles for select to synkro_guard using (true);

-- The two questions that policies for signed-in users ask. They read rows those users may not see, and answer for the
-- signed-in user alone.
create function app.my_tenant_ids() returns setof uuid
language sql
stable
security definer
set search_path = ''
as $$
  select tenant.tenant_id
  from app.tenants as tenant
  where exists (
    select from app.user_roles as role
    join app.users as person using (user_id)
    where role.user_id = app.signed_in_user_id()
      and person.disabled_at is null
      and (role.tenant_id is null or role.tenant_id = tenant.tenant_id)
  )
$$;

create function app.is_super_admin() returns boolean
language sql
stable
security definer
set search_path = ''
as $$
  select exists (
    select from app.user_roles as role
    join app.users as person using (user_id)
    where role.user_id = app.signed_in_user_id()
      and person.disabled_at is null
      and role.role = 'super_admin' and role.tenant_id is null
  )
$$;

revoke execute on function app.signed_in_user_id(), app.my_tenant_ids(), app.is_super_admin() from public;
grant usage on schema app to authenticated;
grant execute on function app.signed_in_user_id() to authenticated, synkro_guard;
grant execute on function app.my_tenant_ids(), app.is_super_admin() to authenticated;

-- A function goes to an owner who might have created it; its rights are settled before, by who may.
grant create on schema app to synkro_guard;
alter function app.my_tenant_ids() owner to synkro_guard;
alter function app.is_super_admin() owner to synkro_guard;
revoke create on schema app from synkro_guard;

create table app.report_messages (
  tenant_id uuid not null,
  report_id uuid not null,
  message_id bigint not null generated always as identity,
  role text not null constraint role_is_known check (role in ('user', 'assistant')),
  channel text not null constraint channel_is_known check (channel in ('web', 'telegram', 'api', 'cli')),
  author text not null,
  text text not null,
  created_at timestamptz not null default now(),
  primary key (tenant_id, report_id, message_id),
  foreign key (tenant_id, report_id) references app.reports (tenant_id, report_id) on delete cascade
);

select app.wall_off('app.report_messages', pipeline => 'select, insert', console => 'select, insert',
  readonly => 'select');

-- What people of a tenant see through Supabase's Data API: these tables and no other.
grant select on app.reports, app.report_messages, app.job_runs, app.job_run_events to authenticated;
create policy "Signed-in users read the reports of their tenants" on app.reports
for select to authenticated using (tenant_id in (select app.my_tenant_ids()));
create policy "Signed-in users read the questions about their tenants' reports" on app.report_messages
for select to authenticated using (tenant_id in (select app.my_tenant_ids()));
create policy "Signed-in users read the runs of their tenants" on app.job_runs
for select to authenticated using (tenant_id in (select app.my_tenant_ids()));
create policy "Signed-in users read the events of their tenants' runs" on app.job_run_events
for select to authenticated using (tenant_id in (select app.my_tenant_ids()));
