{{ config(meta={'dagster': {'ref': {'name': 'rpt_tenant_day'}}}) }}
-- A tenant's day is its managers' rows and what belongs to nobody: tenant - managers - nobody = 0 for each metric.
with parts as (
    select
        tenant_id,
        business_day,
        coalesce(dialogs_count, 0) as dialogs_count,
        coalesce(dialogs_without_deal_count, 0) as dialogs_without_deal_count,
        coalesce(messages_in_count, 0) as messages_in_count,
        coalesce(messages_out_count, 0) as messages_out_count,
        coalesce(unanswered_dialogs_count, 0) as unanswered_dialogs_count,
        coalesce(replies_count, 0) as replies_count,
        coalesce(first_replies_count, 0) as first_replies_count,
        coalesce(waiting_from_earlier_days_count, 0) as waiting_from_earlier_days_count,
        coalesce(leads_created_count, 0) as leads_created_count,
        coalesce(leads_moved_count, 0) as leads_moved_count,
        coalesce(leads_won_count, 0) as leads_won_count,
        coalesce(leads_won_amount, 0) as leads_won_amount,
        coalesce(leads_lost_count, 0) as leads_lost_count,
        coalesce(leads_lost_amount, 0) as leads_lost_amount
    from {{ ref('rpt_tenant_day') }}
    where {{ in_test_scope() }}
    union all
    select
        tenant_id,
        business_day,
        -coalesce(sum(dialogs_count), 0) as dialogs_count,
        -coalesce(sum(dialogs_without_deal_count), 0) as dialogs_without_deal_count,
        -coalesce(sum(messages_in_count), 0) as messages_in_count,
        -coalesce(sum(messages_out_count), 0) as messages_out_count,
        -coalesce(sum(unanswered_dialogs_count), 0) as unanswered_dialogs_count,
        -coalesce(sum(replies_count), 0) as replies_count,
        -coalesce(sum(first_replies_count), 0) as first_replies_count,
        -coalesce(sum(waiting_from_earlier_days_count), 0) as waiting_from_earlier_days_count,
        -coalesce(sum(leads_created_count), 0) as leads_created_count,
        -coalesce(sum(leads_moved_count), 0) as leads_moved_count,
        -coalesce(sum(leads_won_count), 0) as leads_won_count,
        -coalesce(sum(leads_won_amount), 0) as leads_won_amount,
        -coalesce(sum(leads_lost_count), 0) as leads_lost_count,
        -coalesce(sum(leads_lost_amount), 0) as leads_lost_amount
    from {{ ref('rpt_manager_day') }}
    where {{ in_test_scope() }}
    group by tenant_id, business_day
    union all
    select
        tenant_id,
        business_day,
        -coalesce(count(*), 0) as dialogs_count,
        -coalesce(count(*) filter (where crm_status in ('contact_without_lead', 'unknown')), 0)
            as dialogs_without_deal_count,
        -coalesce(sum(messages_in_count), 0) as messages_in_count,
        -coalesce(sum(messages_out_count), 0) as messages_out_count,
        -coalesce(count(*) filter (where is_unanswered), 0) as unanswered_dialogs_count,
        0 as replies_count,
        0 as first_replies_count,
        0 as waiting_from_earlier_days_count,
        0 as leads_created_count,
        0 as leads_moved_count,
        0 as leads_won_count,
        0 as leads_won_amount,
        0 as leads_lost_count,
        0 as leads_lost_amount
    from {{ ref('fct_dialogs') }}
    where
        {{ in_test_scope() }}
        and amocrm_user_id is null
    group by tenant_id, business_day
    union all
    select
        tenant_id,
        business_day,
        0 as dialogs_count,
        0 as dialogs_without_deal_count,
        0 as messages_in_count,
        0 as messages_out_count,
        0 as unanswered_dialogs_count,
        -coalesce(count(*), 0) as replies_count,
        -coalesce(count(*) filter (where is_first_of_day), 0) as first_replies_count,
        0 as waiting_from_earlier_days_count,
        0 as leads_created_count,
        0 as leads_moved_count,
        0 as leads_won_count,
        0 as leads_won_amount,
        0 as leads_lost_count,
        0 as leads_lost_amount
    from {{ ref('fct_replies') }}
    where
        {{ in_test_scope() }}
        and amocrm_user_id is null
    group by tenant_id, business_day
    union all
    select
        tenant_id,
        business_day,
        0 as dialogs_count,
        0 as dialogs_without_deal_count,
        0 as messages_in_count,
        0 as messages_out_count,
        0 as unanswered_dialogs_count,
        0 as replies_count,
        0 as first_replies_count,
        -coalesce(count(*) filter (where not is_active_in_day), 0) as waiting_from_earlier_days_count,
        0 as leads_created_count,
        0 as leads_moved_count,
        0 as leads_won_count,
        0 as leads_won_amount,
        0 as leads_lost_count,
        0 as leads_lost_amount
    from {{ ref('fct_waiting_dialogs') }}
    where
        {{ in_test_scope() }}
        and amocrm_user_id is null
    group by tenant_id, business_day
    union all
    select
        tenant_id,
        business_day,
        0 as dialogs_count,
        0 as dialogs_without_deal_count,
        0 as messages_in_count,
        0 as messages_out_count,
        0 as unanswered_dialogs_count,
        0 as replies_count,
        0 as first_replies_count,
        0 as waiting_from_earlier_days_count,
        -coalesce(count(*) filter (where is_created), 0) as leads_created_count,
        -coalesce(count(*) filter (where is_moved), 0) as leads_moved_count,
        -coalesce(count(*) filter (where is_won), 0) as leads_won_count,
        -coalesce(sum(price_amount) filter (where is_won), 0) as leads_won_amount,
        -coalesce(count(*) filter (where is_lost), 0) as leads_lost_count,
        -coalesce(sum(price_amount) filter (where is_lost), 0) as leads_lost_amount
    from {{ ref('fct_leads') }}
    where
        {{ in_test_scope() }}
        and amocrm_user_id is null
    group by tenant_id, business_day
)

select
    tenant_id,
    business_day
from parts
group by tenant_id, business_day
having
    sum(dialogs_count) <> 0
    or sum(dialogs_without_deal_count) <> 0
    or sum(messages_in_count) <> 0
    or sum(messages_out_count) <> 0
    or sum(unanswered_dialogs_count) <> 0
    or sum(replies_count) <> 0
    or sum(first_replies_count) <> 0
    or sum(waiting_from_earlier_days_count) <> 0
    or sum(leads_created_count) <> 0
    or sum(leads_moved_count) <> 0
    or sum(leads_won_count) <> 0
    or sum(leads_won_amount) <> 0
    or sum(leads_lost_count) <> 0
    or sum(leads_lost_amount) <> 0
