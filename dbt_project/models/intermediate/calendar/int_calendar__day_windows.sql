with business_days as (
    select
        tenant_id,
        business_day,
        window_start,
        window_end,
        timezone,
        working_hours,
        mode,
        reads_radist,
        reads_amocrm,
        (window_start at time zone timezone)::date as first_date,
        (window_end at time zone timezone)::date as last_date
    from {{ ref('stg_synkro__business_days') }}
)

select
    business_days.tenant_id,
    business_days.business_day,
    business_days.window_start,
    business_days.window_end,
    business_days.mode,
    business_days.reads_radist,
    business_days.reads_amocrm,
    working.working_time
from business_days
cross join lateral (
    -- From nine dates before, so that a turn begun on one of the seven days before is covered.
    select coalesce(range_agg(tstzrange(spans.starts_at, spans.ends_at)), '{}') as working_time
    from generate_series(business_days.first_date - 9, business_days.last_date, interval '1 day') as dates (midnight)
    inner join lateral (
        select business_days.working_hours -> to_char(dates.midnight, 'dy') as intervals
    ) as weekday on true
    inner join lateral jsonb_array_elements(
        case when jsonb_typeof(weekday.intervals) = 'array' then weekday.intervals else '[]'::jsonb end
    ) as listed (bounds) on true
    inner join lateral (
        select
            {{ text_to_time("listed.bounds ->> 0") }} as opens_at,
            {{ text_to_time("listed.bounds ->> 1") }} as closes_at
    ) as walls on true
    inner join lateral (
        select
            (dates.midnight::date + walls.opens_at) at time zone business_days.timezone as starts_at,
            -- An interval that ends before it begins ends on the next date.
            (dates.midnight::date + (walls.closes_at < walls.opens_at)::integer + walls.closes_at)
            at time zone business_days.timezone as ends_at
    ) as spans on true
    where spans.starts_at < spans.ends_at
) as working
