{{ config(indexes=[{
    'columns': ['tenant_id', 'business_day', 'radist_chat_id', 'answer_radist_message_id'], 'unique': true
}]) }}

with days as materialized (
    select
        tenant_id,
        business_day,
        working_time
    from {{ ref('int_calendar__day_windows') }}
    where
        {{ in_run_scope() }}
        and reads_radist
),

answered_turns as (
    select
        tenant_id,
        answered_business_day as business_day,
        radist_chat_id,
        answer_radist_message_id,
        min(first_customer_message_at) as turn_started_at,
        min(answered_at) as answered_at
    from {{ ref('int_dialogs__turns') }}
    where business_day >= answered_business_day - 7
    group by tenant_id, answered_business_day, radist_chat_id, turn_number, answer_radist_message_id
),

in_scope as (
    select
        answered_turns.tenant_id,
        answered_turns.business_day,
        answered_turns.radist_chat_id,
        answered_turns.answer_radist_message_id,
        answered_turns.turn_started_at,
        answered_turns.answered_at,
        days.working_time
    from answered_turns
    inner join days using (tenant_id, business_day)
),

managers as materialized (
    select
        tenant_id,
        business_day,
        radist_chat_id,
        amocrm_user_id
    from {{ ref('int_dialogs__responsible_managers') }}
)

select
    in_scope.tenant_id,
    in_scope.business_day,
    in_scope.radist_chat_id,
    in_scope.answer_radist_message_id,
    in_scope.turn_started_at,
    in_scope.answered_at,
    {{ calendar_minutes('in_scope.turn_started_at', 'in_scope.answered_at') }} as reply_calendar_minutes,
    {{ working_minutes('in_scope.turn_started_at', 'in_scope.answered_at', 'in_scope.working_time') | indent(4) }}
        as reply_working_minutes,
    row_number() over (
        partition by in_scope.tenant_id, in_scope.business_day, in_scope.radist_chat_id
        order by in_scope.answered_at, in_scope.answer_radist_message_id collate "C"  -- noqa: RF02
    ) = 1 as is_first_of_day,
    managers.amocrm_user_id
from in_scope
left join managers
    on
        in_scope.tenant_id = managers.tenant_id
        and in_scope.business_day = managers.business_day
        and in_scope.radist_chat_id = managers.radist_chat_id
