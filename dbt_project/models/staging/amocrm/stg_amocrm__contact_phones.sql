with latest_versions as (
    select distinct on (tenant_id, amocrm_contact_id)
        tenant_id,
        amocrm_contact_id,
        phones_e164
    from {{ source('raw', 'amocrm_contacts') }}
    order by tenant_id asc, amocrm_contact_id asc, updated_at desc
)

select distinct
    latest_versions.tenant_id,
    latest_versions.amocrm_contact_id,
    phones.phone_e164
from latest_versions
cross join lateral unnest(latest_versions.phones_e164) as phones (phone_e164)
where phones.phone_e164 is not null
