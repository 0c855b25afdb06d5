"""Which windows a tenant may force a report on, and which days they touch."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synkro_assets.domain.business_day import BusinessCalendar, Window
from synkro_assets.domain.errors import UsageProblem
from synkro_assets.operations.forced_window import require_allowed, touched_days
from tests.unit.calendars import calendars
from tests.unit.tenants import a_tenant

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


def window(start_hours_ago: float, end_hours_ago: float) -> Window:
    return Window(NOW - timedelta(hours=start_hours_ago), NOW - timedelta(hours=end_hours_ago))


@pytest.mark.parametrize("allowed", [window(24, 0), window(72, 60), window(0.1, 0)])
def test_a_window_within_the_limits_is_allowed(allowed: Window) -> None:
    require_allowed(a_tenant(), allowed, NOW)


@pytest.mark.parametrize(
    ("refused", "says"),
    [
        (window(2, 2), "the window is empty"),
        (window(1, 2), "the window is empty"),
        (window(1, -0.1), "ends in the future: --to may be 2026-03-10 12:00 UTC"),
        (window(24.1, 0), "limit max_force_window_hours=24"),
        (window(72.1, 70), "limit max_force_lookback_days=3"),
    ],
)
def test_a_window_beyond_a_limit_is_refused_naming_it(refused: Window, says: str) -> None:
    with pytest.raises(UsageProblem, match=says):
        require_allowed(a_tenant(), refused, NOW)


def test_a_window_that_waited_for_its_turn_is_still_allowed() -> None:
    waited = window(72.5, 70)
    require_allowed(a_tenant(), waited, NOW, grace=timedelta(hours=1))
    with pytest.raises(UsageProblem, match="max_force_lookback_days=3"):
        require_allowed(a_tenant(), window(73.5, 70), NOW, grace=timedelta(hours=1))


@given(
    calendar=calendars(),
    start=st.datetimes(datetime(2015, 1, 1), datetime(2030, 1, 1)),
    minutes=st.integers(1, 3 * 24 * 60),
)
def test_the_touched_days_hold_the_window_and_each_holds_a_part_of_it(
    calendar: BusinessCalendar, start: datetime, minutes: int
) -> None:
    tenant = a_tenant()
    config = replace(
        tenant.config,
        timezone=calendar.timezone,
        business_day_start=calendar.start,
    )
    asked = Window(
        start.replace(tzinfo=UTC), start.replace(tzinfo=UTC) + timedelta(minutes=minutes)
    )
    days = touched_days(replace(tenant, config=config), asked)
    windows = [config.calendar.window(day) for day in days]
    assert windows[0].start <= asked.start
    assert asked.end <= windows[-1].end
    for held in windows:
        assert not held.duration or (held.start < asked.end and asked.start < held.end)
