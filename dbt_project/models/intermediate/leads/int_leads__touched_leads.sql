{# Written into the mart that reads it, since it compares versions of leads with the run's windows. #}
{{ config(materialized='ephemeral') }}

with days as (
    select
        tenant_id,
        business_day,
        window_start,
        window_end
    from {{ ref('stg_synkro__business_days') }}
    where
        {{ in_run_scope() }}
        and reads_amocrm
),

changes as (
    select
        tenant_id,
        business_day,
        amocrm_lead_id,
        bool_or(to_status_id is not null and not is_to_won and not is_to_lost) as is_moved,
        bool_or(is_last_of_day and is_to_won) as is_won,
        bool_or(is_last_of_day and is_to_lost) as is_lost
    from {{ ref('int_leads__stage_changes') }}
    where {{ in_run_scope() }}
    group by tenant_id, business_day, amocrm_lead_id
),

-- Leads that an event of the day names, that were created in the window or updated in it.
touched as (
    select
        tenant_id,
        business_day,
        entity_id as amocrm_lead_id,
        event_type = 'lead_added' as is_added
    from {{ ref('stg_amocrm__events') }}
    where
        {{ in_run_scope() }}
        and entity_type = 'lead'
    union
    select
        days.tenant_id,
        days.business_day,
        versions.amocrm_lead_id,
        false as is_added
    from days
    inner join {{ ref('stg_amocrm__leads') }} as versions
        on
            days.tenant_id = versions.tenant_id
            and days.window_start <= versions.updated_at
            and (
                versions.updated_at < days.window_end
                or (versions.created_at >= days.window_start and versions.created_at < days.window_end)
            )
    where
        {{ of_run_tenant('versions') }}
        and versions.updated_at >= (select min(windows.window_start) from days as windows)
),

leads as (
    select
        tenant_id,
        business_day,
        amocrm_lead_id,
        coalesce(bool_or(is_added), false) as is_added
    from touched
    group by tenant_id, business_day, amocrm_lead_id
)

select
    days.tenant_id,
    days.business_day,
    days.window_start,
    days.window_end,
    leads.amocrm_lead_id,
    leads.is_added,
    coalesce(changes.is_moved, false) as is_moved,
    coalesce(changes.is_won, false) as is_won,
    coalesce(changes.is_lost, false) as is_lost
from leads
inner join days using (tenant_id, business_day)
left join changes using (tenant_id, business_day, amocrm_lead_id)
