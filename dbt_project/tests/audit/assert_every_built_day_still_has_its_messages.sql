-- Marts of old days still count what raw holds: a raw day replaced without a new build is found here.
with in_raw as (
    select
        tenant_id,
        business_day,
        count(*) filter (where direction in ('inbound', 'outbound')) as messages_count
    from {{ source('raw', 'radist_messages') }}
    group by tenant_id, business_day
)

select
    reports.tenant_id,
    reports.business_day
from {{ ref('rpt_tenant_day') }} as reports
left join in_raw using (tenant_id, business_day)
where
    -- Null where the day did not read the conversations: then there is nothing to count again.
    reports.messages_in_count + reports.messages_out_count <> coalesce(in_raw.messages_count, 0)
