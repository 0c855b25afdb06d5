-- Whether the tenant of raw rows exists is asked once for each statement. A foreign key asks for each row, which took a
-- quarter of the time of a large load. Events and messages never had one, so a tenant that was deleted left its own.

set lock_timeout = '10s';

create function raw.require_tenants() returns trigger
language plpgsql
set search_path = ''
as $$
declare
  stranger uuid;
begin
  select incoming.tenant_id into stranger
  from (select distinct new_rows.tenant_id from new_rows) as incoming
  where not exists (select from app.tenants as tenants where tenants.tenant_id = incoming.tenant_id)
  limit 1;
  if found then
    raise exception 'rows for raw.% are of a tenant that does not exist: %', tg_table_name, stranger
      using errcode = 'foreign_key_violation';
  end if;
  return null;
end
$$;

comment on function raw.require_tenants() is
'Takes no lock: a run proves its claim before it commits, and the claim goes with the tenant.';

-- With rights of its own: whoever may delete a tenant need not be able to delete rows of raw. It works within one tenant
-- at a time, as everybody does.
create function raw.forget_tenants() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  gone uuid;
  said text := coalesce(pg_catalog.current_setting('app.tenant_id', true), '');
begin
  for gone in select old_rows.tenant_id from old_rows loop
    perform pg_catalog.set_config('app.tenant_id', gone::text, true);
    delete from raw.amocrm_contact_sightings where tenant_id = gone;
    delete from raw.amocrm_contacts where tenant_id = gone;
    delete from raw.amocrm_events where tenant_id = gone;
    delete from raw.amocrm_lead_contacts where tenant_id = gone;
    delete from raw.amocrm_leads where tenant_id = gone;
    delete from raw.radist_chats where tenant_id = gone;
    delete from raw.radist_messages where tenant_id = gone;
  end loop;
  perform pg_catalog.set_config('app.tenant_id', said, true);
  return null;
end
$$;

do $$
declare
  target text;
begin
  foreach target in array array[
    'amocrm_contact_sightings', 'amocrm_contacts', 'amocrm_events', 'amocrm_lead_contacts', 'amocrm_leads',
    'radist_chats', 'radist_messages'
  ] loop
    execute pg_catalog.format('grant select, delete on raw.%I to synkro_guard', target);
    execute pg_catalog.format(
      'create policy "Tenants are forgotten one by one" on raw.%I to synkro_guard '
      'using (tenant_id = (select app.current_tenant_id()))',
      target
    );
    if target not in ('amocrm_events', 'radist_messages') then
      execute pg_catalog.format('alter table raw.%I drop constraint %I', target, target || '_tenant_id_fkey');
      execute pg_catalog.format(
        'create trigger %I after insert on raw.%I referencing new table as new_rows '
        'for each statement execute function raw.require_tenants()',
        target || '_are_of_tenants', target
      );
    end if;
  end loop;
end
$$;

-- The phones and e-mails of a contact follow it, and it is of a tenant: nothing that was promised is given up.
-- squawk-ignore ban-drop-constraint
alter table raw.amocrm_contact_channels drop constraint amocrm_contact_channels_tenant_id_fkey;

-- It comes after the foreign keys' own triggers, which are each row's: a claim that a run has proved is waited for there,
-- and what the run has stored by then is seen here.
create trigger tenants_forgotten_in_raw after delete on app.tenants
referencing old table as old_rows
for each statement execute function raw.forget_tenants();

grant usage on schema raw to synkro_guard;
grant execute on function app.current_tenant_id() to synkro_guard;
grant create on schema raw to synkro_guard;
revoke execute on function raw.require_tenants(), raw.forget_tenants() from public;
alter function raw.forget_tenants() owner to synkro_guard;
revoke create on schema raw from synkro_guard;
