{{ config(indexes=[{'columns': ['tenant_id', 'business_day', 'amocrm_event_id'], 'unique': true}]) }}

select
    changes.tenant_id,
    changes.business_day,
    changes.amocrm_event_id,
    changes.amocrm_lead_id,
    changes.changed_at,
    changes.from_pipeline_id,
    changes.from_status_id,
    changes.from_status_name,
    changes.to_pipeline_id,
    changes.to_status_id,
    changes.to_status_name,
    changes.is_to_won,
    changes.is_to_lost,
    changes.is_last_of_day,
    leads.amocrm_user_id
from {{ ref('int_leads__stage_changes') }} as changes
inner join {{ ref('stg_synkro__business_days') }} as days
    on
        changes.tenant_id = days.tenant_id
        and changes.business_day = days.business_day
        and days.reads_amocrm
left join {{ ref('fct_leads') }} as leads
    on
        changes.tenant_id = leads.tenant_id
        and changes.business_day = leads.business_day
        and changes.amocrm_lead_id = leads.amocrm_lead_id
where {{ in_run_scope('changes') }}
