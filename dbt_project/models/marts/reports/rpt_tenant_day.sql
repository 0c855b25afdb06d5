{{ config(indexes=[{'columns': ['tenant_id', 'business_day'], 'unique': true}]) }}

{%- set stored_days %}
    select
        tenant_id,
        business_day
    from {{ ref('stg_synkro__business_days') }}
    where {{ in_run_scope() }}
{%- endset %}

with metrics as (
    {{ day_metrics(['tenant_id', 'business_day'], stored_days) | indent(4) }}
)

select
    metrics.tenant_id,
    metrics.business_day,
    metrics.dialogs_count,
    metrics.messages_in_count,
    metrics.messages_out_count,
    metrics.replies_count,
    metrics.first_replies_count,
    metrics.first_reply_median_calendar_minutes,
    metrics.first_reply_median_working_minutes,
    metrics.unanswered_dialogs_count,
    metrics.oldest_waiting_calendar_minutes,
    metrics.oldest_waiting_working_minutes,
    metrics.waiting_from_earlier_days_count,
    metrics.leads_created_count,
    metrics.leads_moved_count,
    metrics.leads_won_count,
    metrics.leads_won_amount,
    metrics.leads_lost_count,
    metrics.leads_lost_amount,
    metrics.currency_code,
    metrics.dialogs_without_deal_count,
    metrics.dialogs_not_looked_up_count
from metrics
