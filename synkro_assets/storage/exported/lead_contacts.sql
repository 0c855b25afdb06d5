-- The links between the day's leads and their contacts.
select
  links.tenant_id,
  links.amocrm_lead_id,
  links.amocrm_contact_id,
  links.is_main
from raw.amocrm_lead_contacts as links
inner join marts.fct_leads as leads using (tenant_id, amocrm_lead_id)
where leads.tenant_id = %(tenant)s and leads.business_day = %(day)s
