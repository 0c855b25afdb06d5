select
    tenant_id,
    business_day,
    window_start,
    window_end,
    timezone,
    working_hours,
    mode,
    mode in ('amocrm_radist', 'radist_only') as reads_radist,
    mode in ('amocrm_radist', 'amocrm_only') as reads_amocrm
from {{ source('app', 'business_day_windows') }}
