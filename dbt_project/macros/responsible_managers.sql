{#
    Whose dialog it is, as of the end of the dialog's day. `chats` names a relation with tenant_id,
    business_day, radist_chat_id, phone_e164, window_end and reads_amocrm. Phone -> contacts -> leads; the
    open lead updated last, else the lead updated last, names the manager; without a lead the contact does.
    Gives a row only for chats that a contact of the CRM has the phone of, and none for a day that did not
    read the CRM: what other days have stored of it says nothing about this one.
#}
{% macro responsible_managers(chats) %}
select
    owned.tenant_id,
    owned.business_day,
    owned.radist_chat_id,
    owned.amocrm_contact_id,
    owned.amocrm_lead_id,
    owned.amocrm_user_id
from (
    with matched as materialized (
        select distinct
            chats.tenant_id,
            chats.business_day,
            chats.radist_chat_id,
            chats.phone_e164,
            chats.window_end,
            phones.amocrm_contact_id,
            links.amocrm_lead_id
        from {{ chats }} as chats
        inner join {{ ref('stg_amocrm__contact_phones') }} as phones
            on
                chats.tenant_id = phones.tenant_id
                and chats.phone_e164 = phones.phone_e164
        left join {{ ref('stg_amocrm__lead_contacts') }} as links
            on
                phones.tenant_id = links.tenant_id
                and phones.amocrm_contact_id = links.amocrm_contact_id
                and {{ of_run_tenant('links') }}
        where
            {{ of_run_tenant('chats') }}
            and chats.reads_amocrm
            and {{ of_run_tenant('phones') }}
    )

    select distinct on (matched.tenant_id, matched.business_day, matched.radist_chat_id)
        matched.tenant_id,
        matched.business_day,
        matched.radist_chat_id,
        matched.amocrm_contact_id,
        leads.amocrm_lead_id,
        coalesce(leads.amocrm_user_id, contacts.amocrm_user_id) as amocrm_user_id
    from matched
    cross join lateral (
        {{ contact_as_of('matched.tenant_id', 'matched.amocrm_contact_id', 'matched.window_end') | indent(8) }}
    ) as contacts
    -- Any version with the phone made the match; the one that held on the day must have it too.
    inner join {{ ref('stg_amocrm__contact_phones') }} as phones
        on
            matched.tenant_id = phones.tenant_id
            and matched.amocrm_contact_id = phones.amocrm_contact_id
            and matched.phone_e164 = phones.phone_e164
            and contacts.updated_at = phones.contact_updated_at
            and contacts.fetched_at = phones.fetched_at
    left join lateral (
        select
            matched.amocrm_lead_id,
            lead.amocrm_user_id,
            lead.updated_at,
            lead.amocrm_status_id in (142, 143) as is_closed
        from (
            {{ lead_as_of('matched.tenant_id', 'matched.amocrm_lead_id', 'matched.window_end') | indent(8) }}
        ) as lead
        where
            lead.updated_at is not null
            and (lead.created_at is null or lead.created_at < matched.window_end)
            -- The pairs are all that were ever linked; the version says which were then, if it says it at all.
            and coalesce(
                lead.contact_links @> jsonb_build_array(jsonb_build_object('id', matched.amocrm_contact_id)), true
            )
            and not {{ lead_deleted_as_of('matched.tenant_id', 'matched.amocrm_lead_id', 'matched.window_end') | indent(8) }}
    ) as leads on true
    where
        not {{ contact_deleted_as_of('matched.tenant_id', 'matched.amocrm_contact_id', 'matched.window_end') | indent(8) }}
    order by
        matched.tenant_id,
        matched.business_day,
        matched.radist_chat_id,
        leads.amocrm_lead_id is null,
        coalesce(leads.is_closed, false),
        leads.updated_at desc,
        leads.amocrm_lead_id desc,
        contacts.updated_at desc,
        matched.amocrm_contact_id desc
) as owned
{% endmacro %}
