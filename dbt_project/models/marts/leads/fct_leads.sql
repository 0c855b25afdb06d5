{{ config(indexes=[{'columns': ['tenant_id', 'business_day', 'amocrm_lead_id'], 'unique': true}]) }}

with accounts as (
    select distinct on (tenant_id)
        tenant_id,
        currency_code
    from {{ ref('stg_amocrm__accounts') }}
    where {{ of_run_tenant() }}
    order by tenant_id asc, fetched_at desc, amocrm_account_id asc
),

touched as materialized (
    select
        tenant_id,
        business_day,
        window_start,
        window_end,
        amocrm_lead_id,
        is_added,
        is_moved,
        is_won,
        is_lost
    from {{ ref('int_leads__touched_leads') }}
),

leads as materialized (
    select
        touched.tenant_id,
        touched.business_day,
        touched.amocrm_lead_id,
        lead.lead_name,
        lead.amocrm_pipeline_id,
        lead.amocrm_status_id,
        lead.amocrm_user_id,
        lead.price_amount,
        lead.created_at,
        lead.closed_at,
        lead.amocrm_loss_reason_id,
        lead.loss_reason_name,
        -- Of a lead in the trash nothing but its events may tell.
        coalesce(
            lead.created_at >= touched.window_start and lead.created_at < touched.window_end, touched.is_added
        ) as is_created,
        touched.is_moved,
        touched.is_won,
        touched.is_lost,
        {{ lead_deleted_as_of('touched.tenant_id', 'touched.amocrm_lead_id', 'touched.window_end') | indent(8) }}
            as is_deleted
    from touched
    left join lateral (
        {{ lead_as_of('touched.tenant_id', 'touched.amocrm_lead_id', 'touched.window_end') | indent(8) }}
    ) as lead on true
)

select
    leads.tenant_id,
    leads.business_day,
    leads.amocrm_lead_id,
    leads.lead_name,
    leads.amocrm_pipeline_id,
    statuses.pipeline_name,
    leads.amocrm_status_id,
    statuses.status_name,
    leads.amocrm_user_id,
    leads.price_amount,
    accounts.currency_code,
    leads.created_at,
    leads.closed_at,
    coalesce(leads.loss_reason_name, loss_reasons.loss_reason_name) as loss_reason_name,
    leads.is_created,
    leads.is_moved,
    leads.is_won,
    leads.is_lost,
    leads.is_deleted
from leads
left join accounts on leads.tenant_id = accounts.tenant_id
left join {{ ref('stg_amocrm__statuses') }} as statuses
    on
        leads.tenant_id = statuses.tenant_id
        and leads.amocrm_pipeline_id = statuses.amocrm_pipeline_id
        and leads.amocrm_status_id = statuses.amocrm_status_id
left join {{ ref('stg_amocrm__loss_reasons') }} as loss_reasons
    on
        leads.tenant_id = loss_reasons.tenant_id
        and leads.amocrm_loss_reason_id = loss_reasons.amocrm_loss_reason_id
