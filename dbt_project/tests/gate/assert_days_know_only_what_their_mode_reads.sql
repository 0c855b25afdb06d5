{{ config(meta={'dagster': {'ref': {'name': 'rpt_tenant_day'}}}) }}
-- What a day's source was not asked for is absent: no row, no owner, no zero. What it was asked for is never null.
with days as (
    select
        tenant_id,
        business_day,
        mode <> 'amocrm_only' as knows_dialogs,
        mode <> 'radist_only' as knows_deals
    from {{ source('app', 'business_day_windows') }}
    where {{ in_test_scope() }}
),

reported as (
    select
        tenant_id,
        business_day,
        num_nonnulls(
            dialogs_count, messages_in_count, messages_out_count, replies_count, first_replies_count,
            unanswered_dialogs_count, waiting_from_earlier_days_count
        ) as dialog_numbers,
        num_nonnulls(
            leads_created_count, leads_moved_count, leads_won_count, leads_won_amount, leads_lost_count,
            leads_lost_amount
        ) as deal_numbers,
        num_nonnulls(
            first_reply_median_calendar_minutes, first_reply_median_working_minutes,
            oldest_waiting_calendar_minutes, oldest_waiting_working_minutes
        ) as dialog_minutes,
        num_nonnulls(dialogs_without_deal_count, dialogs_not_looked_up_count) as matched_numbers,
        num_nonnulls(currency_code) as currencies
    from {{ ref('rpt_tenant_day') }}
    where {{ in_test_scope() }}
),

-- Rows that only a day which read the conversations, or the CRM, may have.
of_dialogs as (
    {%- for mart in ['fct_dialogs', 'fct_replies', 'fct_waiting_dialogs'] %}
    select
        tenant_id,
        business_day,
        amocrm_user_id is not null as is_of_crm
    from {{ ref(mart) }}
    where {{ in_test_scope() }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

of_deals as (
    {%- for mart in ['fct_leads', 'fct_lead_stage_changes', 'dim_managers', 'rpt_manager_day'] %}
    select
        tenant_id,
        business_day
    from {{ ref(mart) }}
    where {{ in_test_scope() }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    days.tenant_id,
    days.business_day
from days
inner join reported using (tenant_id, business_day)
where
    (days.knows_dialogs and reported.dialog_numbers <> 7)
    or (days.knows_deals and reported.deal_numbers <> 6)
    or reported.matched_numbers <> 2 * (days.knows_dialogs and days.knows_deals)::integer
    or (not days.knows_dialogs and reported.dialog_numbers + reported.dialog_minutes > 0)
    or (not days.knows_deals and reported.deal_numbers + reported.currencies > 0)
union all
select
    days.tenant_id,
    days.business_day
from days
inner join of_dialogs using (tenant_id, business_day)
where
    not days.knows_dialogs
    or (of_dialogs.is_of_crm and not days.knows_deals)
union all
select
    days.tenant_id,
    days.business_day
from days
inner join of_deals using (tenant_id, business_day)
where not days.knows_deals
