-- The contacts of the day's leads, each in its newest stored version; deleted ones are told by their last sighting.
select
  versions.tenant_id,
  versions.amocrm_contact_id,
  versions.contact_name,
  versions.phones_e164,
  versions.amocrm_user_id,
  versions.created_at,
  versions.updated_at,
  coalesce(
    (
      select sightings.is_deleted
      from raw.amocrm_contact_sightings as sightings
      where sightings.tenant_id = %(tenant)s and sightings.amocrm_contact_id = versions.amocrm_contact_id
      order by sightings.fetched_at desc
      limit 1
    ),
    versions.is_deleted
  ) as is_deleted
from (
  select distinct links.amocrm_contact_id
  from raw.amocrm_lead_contacts as links
  inner join marts.fct_leads as leads using (tenant_id, amocrm_lead_id)
  where leads.tenant_id = %(tenant)s and leads.business_day = %(day)s
) as wanted
cross join lateral (
  select contacts.*, stored.phones_e164
  from raw.amocrm_contacts as stored
  inner join staging.stg_amocrm__contacts as contacts using (tenant_id, amocrm_contact_id, updated_at, fetched_at)
  where stored.tenant_id = %(tenant)s and stored.amocrm_contact_id = wanted.amocrm_contact_id
  order by stored.updated_at desc, stored.fetched_at desc
  limit 1
) as versions
