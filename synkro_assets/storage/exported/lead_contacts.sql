-- The links between the day's leads and their contacts that hold by the newest stored version of the lead.
select
  links.tenant_id,
  links.amocrm_lead_id,
  links.amocrm_contact_id,
  links.is_main
from raw.amocrm_lead_contacts as links
inner join marts.fct_leads as leads using (tenant_id, amocrm_lead_id)
left join lateral (
  select stored.contact_links
  from staging.stg_amocrm__leads as stored
  where stored.tenant_id = %(tenant)s and stored.amocrm_lead_id = leads.amocrm_lead_id and not stored.is_deleted
  order by stored.updated_at desc, stored.fetched_at desc
  limit 1
) as newest on true
where
  leads.tenant_id = %(tenant)s
  and leads.business_day = %(day)s
  -- The pairs are all that were ever linked; a version that does not speak of contacts ends none.
  and coalesce(
    newest.contact_links @> jsonb_build_array(jsonb_build_object('id', links.amocrm_contact_id)), true
  )
