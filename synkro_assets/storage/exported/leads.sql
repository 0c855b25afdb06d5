-- The day's leads as they were when it ended, with who was responsible.
select
  leads.tenant_id,
  leads.business_day,
  leads.amocrm_lead_id,
  leads.lead_name,
  leads.amocrm_pipeline_id,
  leads.pipeline_name,
  leads.amocrm_status_id,
  leads.status_name,
  leads.amocrm_user_id,
  managers.manager_name,
  leads.price_amount,
  leads.currency_code,
  leads.created_at,
  leads.closed_at,
  leads.loss_reason_name,
  leads.is_created,
  leads.is_moved,
  leads.is_won,
  leads.is_lost,
  leads.is_deleted
from marts.fct_leads as leads
left join marts.dim_managers as managers using (tenant_id, business_day, amocrm_user_id)
where leads.tenant_id = %(tenant)s and leads.business_day = %(day)s
