{{ config(meta={'dagster': {'ref': {'name': 'fct_dialogs'}}}) }}
-- A dialog of the day is unanswered when its last message that is somebody's came from the customer.
with last_messages as (
    select distinct on (tenant_id, business_day, radist_chat_id)
        tenant_id,
        business_day,
        radist_chat_id,
        direction
    from {{ ref('stg_radist__messages') }}
    where
        {{ in_test_scope() }}
        and direction <> 'other'
    order by
        tenant_id asc, business_day asc, radist_chat_id asc, sent_at desc, radist_message_id collate "C" desc
)

select
    dialogs.tenant_id,
    dialogs.business_day,
    dialogs.radist_chat_id
from {{ ref('fct_dialogs') }} as dialogs
inner join last_messages using (tenant_id, business_day, radist_chat_id)
where
    {{ in_test_scope('dialogs') }}
    and dialogs.is_unanswered <> (last_messages.direction = 'inbound')
