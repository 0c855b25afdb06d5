{{ config(meta={'dagster': {'ref': {'name': 'rpt_tenant_day'}}}) }}
-- Turns are numbered by answers; this looks, for each outbound message of the day, at the one message before it.
with before as (
    select
        tenant_id,
        business_day,
        direction,
        lag(direction) over chat as previous_direction,
        lag(business_day) over chat as previous_business_day
    from {{ ref('stg_radist__messages') }}
    where
        {{ in_test_scope(look_back_days=7) }}
        and direction <> 'other'
    window chat as (partition by tenant_id, radist_chat_id order by sent_at, radist_message_id collate "C")
),

counted as (
    select
        tenant_id,
        business_day,
        count(*) as replies_count
    from before
    where
        {{ in_test_scope() }}
        and direction = 'outbound'
        and previous_direction = 'inbound'
        and previous_business_day >= business_day - 7
    group by tenant_id, business_day
)

select
    reports.tenant_id,
    reports.business_day
from {{ ref('rpt_tenant_day') }} as reports
left join counted using (tenant_id, business_day)
where
    {{ in_test_scope('reports') }}
    and reports.replies_count <> coalesce(counted.replies_count, 0)
