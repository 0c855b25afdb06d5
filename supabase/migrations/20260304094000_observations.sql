-- A version of a lead or contact can be seen to differ without a new updated_at: it was changed twice in a second, or
-- by what does not count as its change. Each such sight is a row of its own, told apart by when it was read; none is
-- overwritten.

set lock_timeout = '10s';

-- The old key is a part of the new one, so no row can offend it. A primary key has no NOT VALID.
-- squawk-ignore ban-drop-constraint
alter table raw.amocrm_leads drop constraint amocrm_leads_pkey;
-- squawk-ignore adding-serial-primary-key-field, constraint-missing-not-valid
alter table raw.amocrm_leads add constraint amocrm_leads_pkey
primary key (tenant_id, amocrm_lead_id, updated_at, is_deleted, fetched_at);

-- squawk-ignore ban-drop-constraint
alter table raw.amocrm_contacts drop constraint amocrm_contacts_pkey;
-- squawk-ignore adding-serial-primary-key-field, constraint-missing-not-valid
alter table raw.amocrm_contacts add constraint amocrm_contacts_pkey
primary key (tenant_id, amocrm_contact_id, updated_at, fetched_at);
