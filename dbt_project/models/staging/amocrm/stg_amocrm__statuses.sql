with statuses as (
    select
        pipelines.tenant_id,
        pipelines.amocrm_pipeline_id,
        {{ blank_to_null("pipelines.payload ->> 'name'") }} as pipeline_name,
        {{ text_to_bigint("status.payload ->> 'id'") }} as amocrm_status_id,
        {{ blank_to_null("status.payload ->> 'name'") }} as status_name,
        {{ text_to_bigint("status.payload ->> 'sort'") }} as sort_order
    from {{ source('raw', 'amocrm_pipelines') }} as pipelines
    cross join lateral jsonb_array_elements(
        case
            when jsonb_typeof(pipelines.payload #> '{_embedded,statuses}') = 'array'
                then pipelines.payload #> '{_embedded,statuses}'
            else '[]'::jsonb
        end
    ) as status (payload)
)

select distinct on (tenant_id, amocrm_pipeline_id, amocrm_status_id)
    tenant_id,
    amocrm_pipeline_id,
    pipeline_name,
    amocrm_status_id,
    status_name,
    sort_order,
    amocrm_status_id = 142 as is_won,
    amocrm_status_id = 143 as is_lost
from statuses
where amocrm_status_id is not null
order by tenant_id, amocrm_pipeline_id, amocrm_status_id, sort_order, status_name
