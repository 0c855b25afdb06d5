{{ config(indexes=[{'columns': ['tenant_id', 'business_day', 'amocrm_user_id'], 'unique': true}]) }}

with metrics as (
    {{ day_metrics(['tenant_id', 'business_day', 'amocrm_user_id']) | indent(4) }}
)

select
    metrics.tenant_id,
    metrics.business_day,
    metrics.amocrm_user_id,
    managers.manager_name,
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
    metrics.dialogs_without_deal_count
from metrics
left join {{ ref('dim_managers') }} as managers
    on
        metrics.tenant_id = managers.tenant_id
        and metrics.business_day = managers.business_day
        and metrics.amocrm_user_id = managers.amocrm_user_id
where metrics.amocrm_user_id is not null
