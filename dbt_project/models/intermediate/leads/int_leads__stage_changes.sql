with changes as (
    select
        tenant_id,
        business_day,
        amocrm_event_id,
        entity_id as amocrm_lead_id,
        created_at as changed_at,
        from_pipeline_id,
        from_status_id,
        to_pipeline_id,
        to_status_id,
        row_number() over (
            partition by tenant_id, business_day, entity_id
            order by created_at desc, amocrm_event_id collate "C" desc
        ) as place_from_last
    from {{ ref('stg_amocrm__events') }}
    where
        event_type = 'lead_status_changed'
        and entity_type = 'lead'
)

select
    changes.tenant_id,
    changes.business_day,
    changes.amocrm_event_id,
    changes.amocrm_lead_id,
    changes.changed_at,
    changes.from_pipeline_id,
    changes.from_status_id,
    before.status_name as from_status_name,
    changes.to_pipeline_id,
    changes.to_status_id,
    after.status_name as to_status_name,
    coalesce(changes.to_status_id = 142, false) as is_to_won,
    coalesce(changes.to_status_id = 143, false) as is_to_lost,
    changes.place_from_last = 1 as is_last_of_day
from changes
left join {{ ref('stg_amocrm__statuses') }} as before
    on
        changes.tenant_id = before.tenant_id
        and changes.from_pipeline_id = before.amocrm_pipeline_id
        and changes.from_status_id = before.amocrm_status_id
left join {{ ref('stg_amocrm__statuses') }} as after
    on
        changes.tenant_id = after.tenant_id
        and changes.to_pipeline_id = after.amocrm_pipeline_id
        and changes.to_status_id = after.amocrm_status_id
