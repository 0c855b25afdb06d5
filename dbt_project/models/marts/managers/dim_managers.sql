{{ config(indexes=[{'columns': ['tenant_id', 'business_day', 'amocrm_user_id'], 'unique': true}]) }}

select
    days.tenant_id,
    days.business_day,
    users.amocrm_user_id,
    users.manager_name,
    users.email,
    users.is_active
from {{ ref('stg_synkro__business_days') }} as days
inner join {{ ref('stg_amocrm__users') }} as users on days.tenant_id = users.tenant_id
where
    {{ in_run_scope('days') }}
    and days.reads_amocrm
