{{ config(indexes=[{'columns': ['tenant_id', 'business_day', 'amocrm_lead_id'], 'unique': true}]) }}

with days as (
    select
        tenant_id,
        business_day,
        window_start,
        window_end
    from {{ ref('stg_synkro__business_days') }}
    where {{ in_run_scope() }}
),

changes as (
    select
        tenant_id,
        business_day,
        amocrm_lead_id,
        bool_or(not is_to_won and not is_to_lost) as is_moved,
        bool_or(is_last_of_day and is_to_won) as is_won,
        bool_or(is_last_of_day and is_to_lost) as is_lost,
        max(to_pipeline_id) filter (where is_last_of_day) as to_pipeline_id,
        max(to_status_id) filter (where is_last_of_day) as to_status_id
    from {{ ref('int_leads__stage_changes') }}
    where {{ in_run_scope() }}
    group by tenant_id, business_day, amocrm_lead_id
),

-- Leads that an event of the day names, that were created in the window or updated in it.
touched as (
    select
        tenant_id,
        business_day,
        entity_id as amocrm_lead_id
    from {{ ref('stg_amocrm__events') }}
    where
        {{ in_run_scope() }}
        and entity_type = 'lead'
    union
    select
        days.tenant_id,
        days.business_day,
        versions.amocrm_lead_id
    from days
    inner join {{ ref('stg_amocrm__leads') }} as versions
        on
            days.tenant_id = versions.tenant_id
            and days.window_start <= versions.updated_at
            and (
                versions.updated_at < days.window_end
                or (versions.created_at >= days.window_start and versions.created_at < days.window_end)
            )
    where {{ of_run_tenant('versions') }}
),

accounts as (
    select distinct on (tenant_id)
        tenant_id,
        currency_code
    from {{ ref('stg_amocrm__accounts') }}
    where {{ of_run_tenant() }}
    order by tenant_id, fetched_at desc, amocrm_account_id
),

touched_leads as materialized (
    select
        days.tenant_id,
        days.business_day,
        days.window_start,
        days.window_end,
        touched.amocrm_lead_id,
        changes.to_pipeline_id,
        changes.to_status_id,
        coalesce(changes.is_moved, false) as is_moved,
        coalesce(changes.is_won, false) as is_won,
        coalesce(changes.is_lost, false) as is_lost
    from touched
    inner join days using (tenant_id, business_day)
    left join changes using (tenant_id, business_day, amocrm_lead_id)
),

leads as materialized (
    select
        touched.tenant_id,
        touched.business_day,
        touched.amocrm_lead_id,
        lead.lead_name,
        -- The day's last event says the stage better than a version that may be from after the day.
        coalesce(touched.to_pipeline_id, lead.amocrm_pipeline_id) as amocrm_pipeline_id,
        coalesce(touched.to_status_id, lead.amocrm_status_id) as amocrm_status_id,
        lead.amocrm_user_id,
        lead.price_amount,
        lead.created_at,
        lead.closed_at,
        lead.amocrm_loss_reason_id,
        lead.loss_reason_name,
        coalesce(
            lead.created_at >= touched.window_start and lead.created_at < touched.window_end, false
        ) as is_created,
        touched.is_moved,
        touched.is_won,
        touched.is_lost,
        {{ lead_deleted_as_of('touched.tenant_id', 'touched.amocrm_lead_id', 'touched.window_end') | indent(8) }} as is_deleted
    from touched_leads as touched
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
