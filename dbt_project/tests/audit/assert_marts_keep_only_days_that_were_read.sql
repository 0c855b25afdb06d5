-- A row of a mart belongs to a day whose window is stored.
{% set marts = [
    'fct_dialogs', 'fct_replies', 'fct_waiting_dialogs', 'fct_leads', 'fct_lead_stage_changes', 'dim_managers',
    'rpt_manager_day', 'rpt_tenant_day'
] %}
with kept as (
    {%- for mart in marts %}
    select distinct
        '{{ mart }}' as mart,
        tenant_id,
        business_day
    from {{ ref(mart) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    kept.mart,
    kept.tenant_id,
    kept.business_day
from kept
left join {{ ref('stg_synkro__business_days') }} as days using (tenant_id, business_day)
where days.tenant_id is null
