{# Looks back over days, so it is written into each mart that reads it, with the run's dates in it. #}
{{ config(materialized='ephemeral') }}

with messages as (
    select
        tenant_id,
        business_day,
        radist_chat_id,
        radist_message_id,
        direction,
        sent_at,
        -- All messages up to and including an answer share the number of answers before them.
        count(*) filter (where direction = 'outbound') over (
            partition by tenant_id, radist_chat_id
            order by sent_at, radist_message_id collate "C"
            rows between unbounded preceding and 1 preceding
        ) as turn_number
    from {{ ref('stg_radist__messages') }}
    where
        {{ in_run_scope(look_back_days=7) }}
        and direction in ('inbound', 'outbound')
),

turn_days as (
    select
        tenant_id,
        radist_chat_id,
        turn_number,
        business_day,
        min(sent_at) filter (where direction = 'inbound') as first_customer_message_at,
        max(sent_at) filter (where direction = 'outbound') as answered_at,
        max(radist_message_id) filter (where direction = 'outbound') as answer_radist_message_id
    from messages
    group by tenant_id, radist_chat_id, turn_number, business_day
),

answered as (
    select
        tenant_id,
        business_day,
        radist_chat_id,
        turn_number,
        first_customer_message_at,
        max(answered_at) over turn as answered_at,
        max(answer_radist_message_id) over turn as answer_radist_message_id,
        max(business_day) filter (where answered_at is not null) over turn as answered_business_day
    from turn_days
    window turn as (partition by tenant_id, radist_chat_id, turn_number)
)

select
    tenant_id,
    business_day,
    radist_chat_id,
    turn_number,
    first_customer_message_at,
    answered_at,
    answer_radist_message_id,
    answered_business_day
from answered
where first_customer_message_at is not null
