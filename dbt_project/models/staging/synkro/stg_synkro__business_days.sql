select
    tenant_id,
    business_day,
    window_start,
    window_end,
    timezone,
    working_hours,
    mode
from {{ source('app', 'business_day_windows') }}
