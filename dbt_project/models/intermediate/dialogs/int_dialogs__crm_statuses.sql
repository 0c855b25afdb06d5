{# Reads the run's days from models that compare versions, so it is written into the mart that reads it. #}
{{ config(materialized='ephemeral') }}

with chats as (
    select
        tenant_id,
        business_day,
        radist_chat_id,
        phone_e164,
        is_group
    from {{ ref('stg_radist__chats') }}
    where {{ in_run_scope() }}
),

managers as materialized (
    select
        tenant_id,
        business_day,
        radist_chat_id,
        amocrm_lead_id,
        amocrm_user_id
    from {{ ref('int_dialogs__responsible_managers') }}
),

touched as materialized (
    select
        tenant_id,
        business_day,
        amocrm_lead_id
    from {{ ref('int_leads__touched_leads') }}
),

lookups as (
    select
        tenant_id,
        business_day,
        phone_e164
    from {{ ref('stg_amocrm__phone_lookups') }}
    where {{ in_run_scope() }}
),

known as (
    select
        chats.tenant_id,
        chats.business_day,
        chats.radist_chat_id,
        managers.amocrm_lead_id,
        managers.amocrm_user_id,
        managers.radist_chat_id is not null as is_contact,
        case
            when touched.amocrm_lead_id is not null then 'lead_of_day'
            when managers.amocrm_lead_id is not null then 'older_lead'
            when managers.radist_chat_id is not null then 'contact_without_lead'
            when chats.is_group or chats.phone_e164 is null then null
            when lookups.phone_e164 is not null then 'unknown'
            else 'not_looked_up'
        end as crm_status
    from chats
    inner join {{ ref('stg_synkro__business_days') }} as days
        on
            chats.tenant_id = days.tenant_id
            and chats.business_day = days.business_day
            and {{ in_run_scope('days') }}
            and days.reads_amocrm
    left join managers
        on
            chats.tenant_id = managers.tenant_id
            and chats.business_day = managers.business_day
            and chats.radist_chat_id = managers.radist_chat_id
    left join touched
        on
            managers.tenant_id = touched.tenant_id
            and managers.business_day = touched.business_day
            and managers.amocrm_lead_id = touched.amocrm_lead_id
    left join lookups
        on
            chats.tenant_id = lookups.tenant_id
            and chats.business_day = lookups.business_day
            and chats.phone_e164 = lookups.phone_e164
)

select
    tenant_id,
    business_day,
    radist_chat_id,
    amocrm_lead_id,
    amocrm_user_id,
    crm_status,
    case when coalesce(crm_status, '') <> 'not_looked_up' then is_contact end as is_in_crm
from known
