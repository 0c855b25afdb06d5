-- The day's reports: the daily one, and forced ones whose window ended on it.
select
  tenant_id,
  business_day,
  report_type,
  window_start,
  window_end,
  status,
  summary_text,
  created_at,
  updated_at,
  report_id as source_report_id
from app.reports
where tenant_id = %(tenant)s and business_day = %(day)s
