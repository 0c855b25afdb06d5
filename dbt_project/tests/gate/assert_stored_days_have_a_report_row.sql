{{ config(meta={'dagster': {'ref': {'name': 'rpt_tenant_day'}}}) }}
-- A day whose window is stored and that a run built has exactly one row, also when nothing happened on it.
select
    days.tenant_id,
    days.business_day
from {{ ref('stg_synkro__business_days') }} as days
left join {{ ref('rpt_tenant_day') }} as reports using (tenant_id, business_day)
where
    {{ in_run_scope('days') }}
    and reports.tenant_id is null
