{#
    What the CRM knew of each chat's customer at the day's end. `chats` and `managers` name relations of the run's
    days: the chats, and those a contact of the CRM has the phone of. The deal is the one that names the manager, so
    a deal of the day counts as such only if it does. Who was found in no contact has no deal if amoCRM was asked
    about the phone; if it was not, nobody knows. A group, or a chat without a phone, cannot be asked about: null.
#}
{% macro crm_statuses(chats, managers) %}
select
    chats.tenant_id,
    chats.business_day,
    chats.radist_chat_id,
    case
        when leads.amocrm_lead_id is not null then 'lead_of_day'
        when managers.amocrm_lead_id is not null then 'older_lead'
        when managers.radist_chat_id is not null then 'contact_without_lead'
        when chats.is_group or chats.phone_e164 is null then null
        when lookups.phone_e164 is not null then 'unknown'
        else 'not_looked_up'
    end as crm_status
from {{ chats }} as chats
left join {{ managers }} as managers
    on
        chats.tenant_id = managers.tenant_id
        and chats.business_day = managers.business_day
        and chats.radist_chat_id = managers.radist_chat_id
left join {{ ref('fct_leads') }} as leads
    on
        managers.tenant_id = leads.tenant_id
        and managers.business_day = leads.business_day
        and managers.amocrm_lead_id = leads.amocrm_lead_id
        and {{ in_run_scope('leads') }}
left join {{ ref('stg_amocrm__phone_lookups') }} as lookups
    on
        chats.tenant_id = lookups.tenant_id
        and chats.business_day = lookups.business_day
        and chats.phone_e164 = lookups.phone_e164
        and {{ in_run_scope('lookups') }}
{% endmacro %}
