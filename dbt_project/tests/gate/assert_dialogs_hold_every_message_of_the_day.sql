{{ config(meta={'dagster': {'ref': {'name': 'fct_dialogs'}}}) }}
-- The marts count by dialog, this counts the raw rows: the same number by two routes.
with in_raw as (
    select
        tenant_id,
        business_day,
        count(*) filter (where direction = 'inbound') as messages_in_count,
        count(*) filter (where direction = 'outbound') as messages_out_count,
        count(distinct radist_chat_id) as dialogs_count
    from {{ source('raw', 'radist_messages') }} as messages
    where
        {{ in_test_scope('messages') }}
        and exists (
            select 1
            from {{ ref('rpt_tenant_day') }} as reports
            where
                reports.tenant_id = messages.tenant_id
                and reports.business_day = messages.business_day
                and reports.dialogs_count is not null
        )
    group by tenant_id, business_day
),

in_marts as (
    select
        tenant_id,
        business_day,
        sum(messages_in_count) as messages_in_count,
        sum(messages_out_count) as messages_out_count,
        count(*) as dialogs_count
    from {{ ref('fct_dialogs') }}
    where {{ in_test_scope() }}
    group by tenant_id, business_day
)

select
    tenant_id,
    business_day
from in_raw
full join in_marts using (tenant_id, business_day)
where
    (in_raw.messages_in_count, in_raw.messages_out_count, in_raw.dialogs_count)
    is distinct from (in_marts.messages_in_count, in_marts.messages_out_count, in_marts.dialogs_count)
