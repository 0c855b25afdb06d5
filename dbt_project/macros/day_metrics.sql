{#
    The metrics of a day, defined once for every grain: `keys` are the columns that name a row, of those that
    all event marts carry, and `always` selects keys that get a row in any case. Counts of what did not happen are 0;
    medians and ages of it are null. What the day's mode cannot know is null throughout: never 0.
#}
{% macro day_metrics(keys, always=none) %}
{% set keys = keys | join(', ') %}
with days as (
    select
        tenant_id,
        business_day,
        reads_radist,
        reads_amocrm
    from {{ ref('stg_synkro__business_days') }}
    where {{ in_run_scope() }}
),

dialogs as (
    select
        {{ keys }},
        count(*) as dialogs_count,
        sum(messages_in_count)::bigint as messages_in_count,
        sum(messages_out_count)::bigint as messages_out_count,
        count(*) filter (where is_unanswered) as unanswered_dialogs_count,
        count(*) filter (where crm_status in ('contact_without_lead', 'unknown')) as dialogs_without_deal_count,
        count(*) filter (where crm_status = 'not_looked_up') as dialogs_not_looked_up_count
    from {{ ref('fct_dialogs') }}
    where {{ in_run_scope() }}
    group by {{ keys }}
),

replies as (
    select
        {{ keys }},
        count(*) as replies_count,
        count(*) filter (where is_first_of_day) as first_replies_count,
        {{ median('reply_calendar_minutes', 'is_first_of_day') }} as first_reply_median_calendar_minutes,
        {{ median('reply_working_minutes', 'is_first_of_day') }} as first_reply_median_working_minutes
    from {{ ref('fct_replies') }}
    where {{ in_run_scope() }}
    group by {{ keys }}
),

waiting as (
    select
        {{ keys }},
        round(max(waiting_calendar_minutes), 2) as oldest_waiting_calendar_minutes,
        round(max(waiting_working_minutes), 2) as oldest_waiting_working_minutes,
        count(*) filter (where not is_active_in_day) as waiting_from_earlier_days_count
    from {{ ref('fct_waiting_dialogs') }}
    where {{ in_run_scope() }}
    group by {{ keys }}
),

leads as (
    select
        {{ keys }},
        count(*) filter (where is_created) as leads_created_count,
        count(*) filter (where is_moved) as leads_moved_count,
        count(*) filter (where is_won) as leads_won_count,
        coalesce(sum(price_amount) filter (where is_won), 0)::bigint as leads_won_amount,
        count(*) filter (where is_lost) as leads_lost_count,
        coalesce(sum(price_amount) filter (where is_lost), 0)::bigint as leads_lost_amount
    from {{ ref('fct_leads') }}
    where {{ in_run_scope() }}
    group by {{ keys }}
),

accounts as (
    select distinct on (tenant_id)
        tenant_id,
        currency_code
    from {{ ref('stg_amocrm__accounts') }}
    where {{ of_run_tenant() }}
    order by tenant_id asc, fetched_at desc, amocrm_account_id asc
),

subjects as (
    {%- for activity in ['dialogs', 'replies', 'waiting', 'leads'] %}
    select {{ keys }} from {{ activity }}
    {{ 'union' if always or not loop.last }}
    {%- endfor %}
    {{ always or '' }}
)

select
    {{ keys }},
    {%- for count in [
        'dialogs_count', 'messages_in_count', 'messages_out_count', 'replies_count', 'first_replies_count'
    ] %}
    {{ count_if_known(count, 'days.reads_radist') }},
    {%- endfor %}
    first_reply_median_calendar_minutes,
    first_reply_median_working_minutes,
    {{ count_if_known('unanswered_dialogs_count', 'days.reads_radist') }},
    oldest_waiting_calendar_minutes,
    oldest_waiting_working_minutes,
    {{ count_if_known('waiting_from_earlier_days_count', 'days.reads_radist') }},
    {%- for count in [
        'leads_created_count', 'leads_moved_count', 'leads_won_count', 'leads_won_amount', 'leads_lost_count',
        'leads_lost_amount'
    ] %}
    {{ count_if_known(count, 'days.reads_amocrm') }},
    {%- endfor %}
    {%- for count in ['dialogs_without_deal_count', 'dialogs_not_looked_up_count'] %}
    {{ count_if_known(count, 'days.reads_radist and days.reads_amocrm') }},
    {%- endfor %}
    case when days.reads_amocrm then accounts.currency_code end as currency_code
from subjects
inner join days using (tenant_id, business_day)
left join dialogs using ({{ keys }})
left join replies using ({{ keys }})
left join waiting using ({{ keys }})
left join leads using ({{ keys }})
left join accounts using (tenant_id)
{% endmacro %}

{% macro median(value, condition) -%}
    round((percentile_cont(0.5) within group (order by {{ value }}) filter (where {{ condition }}))::numeric, 2)
{%- endmacro %}

{# A count of a day that knows its source, 0 when nothing happened; null where the day cannot know. #}
{% macro count_if_known(count, is_known) -%}
    case when {{ is_known }} then coalesce({{ count }}, 0) end as {{ count }}
{%- endmacro %}
