-- The audit log: who changed a tenant, a setting, a secret, a person or a role, who started or stopped a run, asked a
-- question or signed in. Triggers write it, so that it does not matter which program makes the change; rows are added
-- and never changed or removed.
--
-- What a program says of itself, by settings of its session or transaction:
--
--   app.actor          who is at work: an e-mail, an operating-system user, a service; else the login's name stands
--   app.ip_address     where from; without an actor, the address the login connects from, unless it is this machine
--   app.audit_action   what a change of secrets was for: secrets.rotated or secrets.refreshed; else secrets.changed

set lock_timeout = '10s';

create table app.audit_logs (
  audit_log_id bigint primary key generated always as identity,
  tenant_id uuid,
  actor text not null,
  action text not null constraint action_is_scope_and_verb check (action ~ '^[a-z_]+\.[a-z_]+$'),
  message text not null,
  metadata jsonb not null default '{}'
    constraint metadata_is_an_object check (jsonb_typeof(metadata) = 'object'),
  ip_address inet,
  login_name text not null default session_user,
  created_at timestamptz not null default clock_timestamp()
);

comment on column app.audit_logs.tenant_id is
'Null: concerns the whole installation. No foreign key: the record outlives the tenant.';
comment on column app.audit_logs.login_name is 'Whom the server let in; the actor is what that program said of itself.';

create index audit_logs_by_tenant on app.audit_logs (tenant_id, created_at desc);
create index audit_logs_by_creation on app.audit_logs (created_at);

alter table app.audit_logs enable row level security;
alter table app.audit_logs force row level security;

-- Rows are added by the functions below and by nobody else; number, time and login are the server's to say even there.
grant insert (tenant_id, actor, action, message, metadata, ip_address) on app.audit_logs to synkro_guard;
grant select on app.audit_logs to synkro_console, synkro_readonly;

create policy "The platform's own functions add to the audit log" on app.audit_logs for insert to synkro_guard
with check (true);

create policy "The console reads the audit log within its scope" on app.audit_logs for select to synkro_console
using ((select app.spans_all_tenants()) or tenant_id = (select app.current_tenant_id()));

create policy "Analysts read the audit log of the tenant of their session" on app.audit_logs
for select to synkro_readonly using (tenant_id = (select app.current_tenant_id()));

create function app.refuse_change_of_audit_logs() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  raise exception 'the audit log is append-only: its rows are never changed or removed'
    using errcode = 'insufficient_privilege';
end
$$;

create trigger audit_logs_are_append_only before update or delete or truncate on app.audit_logs
for each statement execute function app.refuse_change_of_audit_logs();

-- Also where a superuser has switched ordinary triggers off for a session.
alter table app.audit_logs enable always trigger audit_logs_are_append_only;

-- Where the actor works from. What is no address is none: a record must not fail the change that it is about.
create function app.audit_address() returns inet
language plpgsql
stable
set search_path = ''
as $$
declare
  client constant inet := pg_catalog.inet_client_addr();
begin
  if coalesce(pg_catalog.current_setting('app.actor', true), '') <> '' then
    -- The login's address is then our own program's, and not the actor's.
    return nullif(pg_catalog.current_setting('app.ip_address', true), '')::inet;
  elsif client << '127.0.0.0/8' or client = '::1' then
    return null;
  end if;
  return client;
exception when invalid_text_representation then
  return null;
end
$$;

-- Adds a row in the name of the session's actor: the console calls it for what leaves no trace in a table, such as a
-- sign-in, and the triggers below for all else.
create function app.record_audit(action text, message text, tenant_id uuid default null, metadata jsonb default '{}')
returns void
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
  insert into app.audit_logs (tenant_id, actor, action, message, metadata, ip_address)
  values (
    record_audit.tenant_id,
    coalesce(nullif(pg_catalog.current_setting('app.actor', true), ''), session_user),
    record_audit.action,
    record_audit.message,
    record_audit.metadata,
    app.audit_address()
  )
$$;

-- Which fields differ between two versions of a row, with old and new value; of those that are not to be shown only
-- that they differ. Without `shown` every field may be.
create function app.audit_changes(before jsonb, after jsonb, unmentioned text[] default '{}', shown text[] default null)
returns jsonb
language sql
immutable
set search_path = ''
return (
  select coalesce(
    pg_catalog.jsonb_object_agg(
      field.name,
      case
        when shown is null or field.name = any(shown)
          then pg_catalog.jsonb_strip_nulls(
            pg_catalog.jsonb_build_object('from', before -> field.name, 'to', after -> field.name)
          )
        else '"not shown"'
      end
    ),
    '{}'
  )
  from pg_catalog.jsonb_object_keys(before || after) as field (name)
  where nullif(before -> field.name, 'null') is distinct from nullif(after -> field.name, 'null')
    and field.name <> all(unmentioned)
);

-- The names of the fields that `app.audit_changes` found, for a sentence.
create function app.audit_fields(changes jsonb) returns text
language sql
immutable
set search_path = ''
return (
  select pg_catalog.string_agg(field.name, ', ' order by field.name)
  from pg_catalog.jsonb_object_keys(changes) as field (name)
);

-- What of an integration's public fields may stand in the log: where it connects to, without path and query, and the
-- numbers of accounts and chats. A token that somebody typed into the wrong field does not look like either.
create function app.audit_public_fields(public_data jsonb) returns jsonb
language sql
immutable
set search_path = ''
return (
  select coalesce(
    pg_catalog.jsonb_object_agg(
      rule.name, coalesce(substring(public_data ->> rule.name from rule.pattern), 'not shown')
    ),
    '{}'
  )
  from (values
    ('base_url', '^(https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?)(?:/[^@]*)?$'),
    ('company_id', '^[0-9]{1,20}$'),
    ('chat_id', '^(?:-?[0-9]{1,20}|@[A-Za-z0-9_]{1,32})$'),
    ('message_thread_id', '^[0-9]{1,20}$')
  ) as rule (name, pattern)
  where public_data ->> rule.name is not null
);

-- The triggers' functions run with rights of their own, whoever makes the change: no role that may write these tables
-- can leave the record out, and none needs a right to add to it. Rows that go with their tenant or person leave
-- no record of their own: that one's says it.

create function app.audit_tenants() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  changes jsonb;
begin
  if tg_op = 'DELETE' then
    perform app.record_audit('tenant.removed', pg_catalog.format('tenant %s was removed', old.slug), old.tenant_id,
      pg_catalog.jsonb_build_object('slug', old.slug, 'name', old.name));
    return null;
  end if;
  changes := app.audit_changes(
    case when tg_op = 'UPDATE' then pg_catalog.to_jsonb(old) else '{}' end, pg_catalog.to_jsonb(new),
    unmentioned => '{tenant_id, created_at, updated_at}'
  );
  if tg_op = 'INSERT' then
    perform app.record_audit('tenant.created', pg_catalog.format('tenant %s was created', new.slug), new.tenant_id,
      pg_catalog.jsonb_build_object('changed', changes));
  elsif changes <> '{}' then
    perform app.record_audit('tenant.changed',
      pg_catalog.format('tenant %s was changed: %s', new.slug, app.audit_fields(changes)), new.tenant_id,
      pg_catalog.jsonb_build_object('changed', changes));
  end if;
  return null;
end
$$;

create function app.audit_settings() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  slug constant text := (select tenant.slug from app.tenants as tenant where tenant.tenant_id = new.tenant_id);
  changes constant jsonb := app.audit_changes(
    case when tg_op = 'UPDATE' then pg_catalog.to_jsonb(old) else '{}' end, pg_catalog.to_jsonb(new),
    unmentioned => '{tenant_id, config_version, updated_at}'
  );
begin
  if tg_op = 'INSERT' then
    perform app.record_audit('settings.created', pg_catalog.format('%s was given its settings', slug), new.tenant_id,
      pg_catalog.jsonb_build_object('changed', changes));
  elsif changes <> '{}' then
    perform app.record_audit('settings.changed',
      pg_catalog.format('settings of %s were changed: %s', slug, app.audit_fields(changes)), new.tenant_id,
      pg_catalog.jsonb_build_object('changed', changes));
  end if;
  return null;
end
$$;

create function app.audit_integrations() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  subject constant app.integration_configs := coalesce(new, old);
  slug constant text := (select tenant.slug from app.tenants as tenant where tenant.tenant_id = subject.tenant_id);
  purpose constant text := pg_catalog.current_setting('app.audit_action', true);
  before constant jsonb := case when tg_op = 'INSERT' then '{}' else old.public_data end;
  changes jsonb;
begin
  if tg_op = 'DELETE' then
    if slug is not null then
      perform app.record_audit('integration.removed',
        pg_catalog.format('the %s integration of %s was removed with its secrets', old.kind, slug), old.tenant_id,
        pg_catalog.jsonb_build_object('kind', old.kind));
    end if;
    return null;
  end if;
  changes := app.audit_changes(before, new.public_data, unmentioned => '{telegram_update_offset}', shown => '{}')
    || app.audit_changes(app.audit_public_fields(before), app.audit_public_fields(new.public_data));
  if tg_op = 'UPDATE' and old.secret_data_encrypted is distinct from new.secret_data_encrypted then
    changes := changes || '{"secrets": "not shown"}';
    perform app.record_audit(
      case when purpose in ('secrets.rotated', 'secrets.refreshed') then purpose else 'secrets.changed' end,
      pg_catalog.format(case purpose
        when 'secrets.rotated' then 'the secrets of the %s integration of %s were sealed under another key'
        when 'secrets.refreshed' then 'the tokens of the %s integration of %s were refreshed'
        else 'the %s integration of %s was saved with its secrets' end, new.kind, slug), new.tenant_id,
      pg_catalog.jsonb_build_object('kind', new.kind, 'changed', changes));
    return null;
  end if;
  if new.secret_data_encrypted is not null and tg_op = 'INSERT' then
    changes := changes || '{"secrets": "not shown"}';
  end if;
  perform app.record_audit('integration.saved',
    pg_catalog.format('the %s integration of %s was saved', new.kind, slug), new.tenant_id,
    pg_catalog.jsonb_build_object('kind', new.kind, 'changed', changes));
  return null;
end
$$;

create function app.audit_people() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  subject constant app.users := coalesce(new, old);
  changes constant jsonb := app.audit_changes(
    case when tg_op = 'INSERT' then '{}' else pg_catalog.to_jsonb(old) end,
    case when tg_op = 'DELETE' then '{}' else pg_catalog.to_jsonb(new) end,
    unmentioned => '{user_id, created_at, updated_at}', shown => '{email, disabled_at}'
  );
  verb constant text := case
    when tg_op = 'INSERT' then 'created'
    when tg_op = 'DELETE' then 'removed'
    when old.disabled_at is null and new.disabled_at is not null then 'disabled'
    when old.disabled_at is not null and new.disabled_at is null then 'enabled'
    else 'changed'
  end;
begin
  if changes <> '{}' then
    perform app.record_audit('user.' || verb,
      pg_catalog.format('%s was %s', subject.email, verb)
      || case when verb = 'changed' then ': ' || app.audit_fields(changes) else '' end,
      metadata => pg_catalog.jsonb_build_object('user_id', subject.user_id, 'changed', changes));
  end if;
  return null;
end
$$;

create function app.audit_profiles() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  subject constant app.user_profiles := coalesce(new, old);
  email constant text := (select person.email from app.users as person where person.user_id = subject.user_id);
  changes constant jsonb := app.audit_changes(
    case when tg_op = 'INSERT' then '{}' else pg_catalog.to_jsonb(old) end,
    case when tg_op = 'DELETE' then '{}' else pg_catalog.to_jsonb(new) end,
    unmentioned => '{user_id, updated_at}', shown => '{timezone, language}'
  );
begin
  if email is not null and changes <> '{}' then
    perform app.record_audit('profile.changed',
      pg_catalog.format('the profile of %s was changed: %s', email, app.audit_fields(changes)),
      metadata => pg_catalog.jsonb_build_object('user_id', subject.user_id, 'changed', changes));
  end if;
  return null;
end
$$;

create function app.audit_role(verb text, subject app.user_roles) returns void
language plpgsql
set search_path = ''
as $$
declare
  email constant text := (select person.email from app.users as person where person.user_id = subject.user_id);
  slug constant text := (select tenant.slug from app.tenants as tenant where tenant.tenant_id = subject.tenant_id);
  place constant text := case when subject.tenant_id is null then 'all tenants' else slug end;
begin
  if email is not null and place is not null then
    perform app.record_audit('role.' || verb,
      pg_catalog.format('the role %s of %s was %s %s', subject.role, place, verb,
        case verb when 'granted' then 'to ' else 'from ' end || email),
      subject.tenant_id, pg_catalog.jsonb_build_object('user_id', subject.user_id, 'role', subject.role));
  end if;
end
$$;

-- A role that is changed is one revoked and another granted.
create function app.audit_roles() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'UPDATE' and (old.user_id, old.tenant_id, old.role) is not distinct from
    (new.user_id, new.tenant_id, new.role) then
    return null;
  end if;
  if tg_op <> 'INSERT' then
    perform app.audit_role('revoked', old);
  end if;
  if tg_op <> 'DELETE' then
    perform app.audit_role('granted', new);
  end if;
  return null;
end
$$;

-- A request, a start, a stop. How a run ended otherwise is nobody's act: the ledger says it.
create function app.audit_runs() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  slug constant text := (select tenant.slug from app.tenants as tenant where tenant.tenant_id = new.tenant_id);
  before app.job_runs;
  verb text;
begin
  if tg_op = 'UPDATE' then
    before := old;
  end if;
  verb := case
    when new.stop_requested_at <> coalesce(before.stop_requested_at, '-infinity') then 'stop_requested'
    when new.status = 'pending' then 'requested'
    when new.status = 'running' then 'started'
    -- In Dagit, or by a signal: nobody asked the ledger for it.
    when new.status = 'canceled' and before.status = 'running' and new.stop_requested_at is null then 'stopped'
  end;
  if verb is null then
    return null;
  end if;
  perform app.record_audit('run.' || verb,
    pg_catalog.format('run %s of %s (%s%s) was %s', new.job_run_id, slug, new.job_type,
      ' ' || coalesce(nullif(new.first_business_day, new.business_day) || ' to ', '') || new.business_day,
      case verb when 'stop_requested' then 'asked to stop' when 'requested' then 'asked for' else verb end),
    new.tenant_id,
    pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
      'job_run_id', new.job_run_id, 'trigger_type', new.trigger_type, 'requested_by', new.requested_by,
      'stop_requested_by', new.stop_requested_by, 'dagster_run_id', new.dagster_run_id,
      'window_start', new.window_start, 'window_end', new.window_end
    )));
  return null;
end
$$;

-- That a question was asked; its words stay with the report.
create function app.audit_questions() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  slug constant text := (select tenant.slug from app.tenants as tenant where tenant.tenant_id = new.tenant_id);
begin
  perform app.record_audit('question.asked',
    pg_catalog.format('%s asked about a report of %s', new.author, slug), new.tenant_id,
    pg_catalog.jsonb_build_object('report_id', new.report_id, 'message_id', new.message_id, 'channel', new.channel,
      'author', new.author));
  return null;
end
$$;

create trigger tenants_are_audited after insert or update or delete on app.tenants
for each row execute function app.audit_tenants();

create trigger settings_are_audited after insert or update on app.tenant_runtime_configs
for each row execute function app.audit_settings();

create trigger integrations_are_audited after insert or delete on app.integration_configs
for each row execute function app.audit_integrations();

-- Not what a check found, nor how far a bot has been read.
create trigger changes_of_integrations_are_audited after update on app.integration_configs
for each row when (
  old.secret_data_encrypted is distinct from new.secret_data_encrypted
  or old.public_data - 'telegram_update_offset' is distinct from new.public_data - 'telegram_update_offset'
) execute function app.audit_integrations();

create trigger people_are_audited after insert or update or delete on app.users
for each row execute function app.audit_people();

create trigger profiles_are_audited after insert or update or delete on app.user_profiles
for each row execute function app.audit_profiles();

create trigger roles_are_audited after insert or update or delete on app.user_roles
for each row execute function app.audit_roles();

create trigger runs_are_audited after insert on app.job_runs
for each row execute function app.audit_runs();

-- Not the steps of a run, which are most of what is written here.
create trigger changes_of_runs_are_audited after update on app.job_runs
for each row when (
  old.status <> new.status or old.stop_requested_at is distinct from new.stop_requested_at
) execute function app.audit_runs();

create trigger questions_are_audited after insert on app.report_messages
for each row when (new.role = 'user') execute function app.audit_questions();

revoke execute on function
app.refuse_change_of_audit_logs(),
app.audit_address(),
app.record_audit(text, text, uuid, jsonb),
app.audit_changes(jsonb, jsonb, text[], text[]),
app.audit_fields(jsonb),
app.audit_public_fields(jsonb),
app.audit_role(text, app.user_roles),
app.audit_tenants(),
app.audit_settings(),
app.audit_integrations(),
app.audit_people(),
app.audit_profiles(),
app.audit_roles(),
app.audit_runs(),
app.audit_questions()
from public;

grant execute on function app.record_audit(text, text, uuid, jsonb) to synkro_console;
grant execute on function
app.audit_address(),
app.audit_changes(jsonb, jsonb, text[], text[]),
app.audit_fields(jsonb),
app.audit_public_fields(jsonb),
app.audit_role(text, app.user_roles)
to synkro_guard;

-- A function goes to an owner who might have created it; triggers ask for no right to it once they are there.
grant create on schema app to synkro_guard;
alter function app.record_audit(text, text, uuid, jsonb) owner to synkro_guard;
alter function app.audit_tenants() owner to synkro_guard;
alter function app.audit_settings() owner to synkro_guard;
alter function app.audit_integrations() owner to synkro_guard;
alter function app.audit_people() owner to synkro_guard;
alter function app.audit_profiles() owner to synkro_guard;
alter function app.audit_roles() owner to synkro_guard;
alter function app.audit_runs() owner to synkro_guard;
alter function app.audit_questions() owner to synkro_guard;
revoke create on schema app from synkro_guard;
