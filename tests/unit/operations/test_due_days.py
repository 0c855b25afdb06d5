"""When a day's report is due, and how far back a schedule catches up."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synkro_assets.domain.business_day import BusinessCalendar, BusinessDay
from synkro_assets.domain.tenant import Tenant
from synkro_assets.operations.due_days import MAX_CATCH_UP_DAYS, due_at, due_days
from tests.unit.calendars import calendars
from tests.unit.tenants import a_tenant

NOW = datetime(2026, 3, 10, 19, 10, tzinfo=UTC)


def scheduled(**changes: object) -> Tenant:
    """A tenant in Moscow whose day closes at 22:01 and is reported at 22:10."""
    tenant = a_tenant()
    on = {"is_schedule_enabled": True, "schedule_enabled_at": datetime(2026, 1, 1, tzinfo=UTC)}
    config = replace(tenant.config, **(on | changes))  # type: ignore[arg-type]
    return replace(tenant, config=config)


def days(tenant: Tenant, now: datetime) -> list[str]:
    return [each.day.isoformat() for each in due_days(tenant, now)]


def test_a_day_is_due_at_the_first_run_time_after_its_end() -> None:
    config = scheduled().config
    assert due_at(config, BusinessDay(date(2026, 3, 10))) == NOW
    early = scheduled(scheduled_run_time=time(9, 0)).config
    assert due_at(early, BusinessDay(date(2026, 3, 10))) == datetime(2026, 3, 11, 6, 0, tzinfo=UTC)
    midnight = scheduled(business_day_start=time(0, 0), scheduled_run_time=time(0, 0)).config
    assert due_at(midnight, BusinessDay(date(2026, 3, 10))) == datetime(2026, 3, 10, 21, tzinfo=UTC)


def test_a_day_becomes_due_on_the_minute() -> None:
    assert days(scheduled(), NOW - timedelta(minutes=1))[-1] == "2026-03-09"
    assert days(scheduled(), NOW)[-1] == "2026-03-10"


def test_catching_up_is_bounded_and_oldest_first() -> None:
    caught_up = days(scheduled(), NOW)
    assert len(caught_up) == MAX_CATCH_UP_DAYS
    assert caught_up == sorted(caught_up)
    assert caught_up[-1] == "2026-03-10"


def test_the_newest_due_day_is_marked_though_the_next_has_closed_by_now() -> None:
    late = scheduled(scheduled_run_time=time(22, 0))
    found = due_days(late, NOW)
    assert [each.day.isoformat() for each in found if each.is_newest] == ["2026-03-09"]
    assert late.config.calendar.latest_closed(NOW).isoformat() == "2026-03-10"


def test_days_that_came_due_before_the_schedule_was_switched_on_are_nobodys_promise() -> None:
    tenant = scheduled()
    on_since = replace(tenant.config, schedule_enabled_at=NOW - timedelta(days=1, hours=1))
    assert days(replace(tenant, config=on_since), NOW) == ["2026-03-09", "2026-03-10"]
    just_now = replace(tenant.config, schedule_enabled_at=NOW - timedelta(minutes=1))
    assert days(replace(tenant, config=just_now), NOW) == ["2026-03-10"]
    after_all = replace(tenant.config, schedule_enabled_at=NOW + timedelta(minutes=1))
    assert len(days(replace(tenant, config=after_all), NOW)) == MAX_CATCH_UP_DAYS


@pytest.mark.parametrize("status", ["paused", "archived"])
def test_a_tenant_that_is_not_active_is_due_nothing(status: str) -> None:
    assert due_days(replace(scheduled(), status=status), NOW) == []


def test_a_switched_off_schedule_is_due_nothing() -> None:
    tenant = scheduled()
    config = replace(tenant.config, is_schedule_enabled=False, schedule_enabled_at=None)
    assert due_days(replace(tenant, config=config), NOW) == []


@given(
    calendar=calendars(),
    minute=st.integers(0, 24 * 60 - 1),
    now=st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)),
)
def test_a_due_day_is_closed_and_was_due_within_a_day_of_its_end(
    calendar: BusinessCalendar, minute: int, now: datetime
) -> None:
    tenant = scheduled(
        timezone=calendar.timezone,
        business_day_start=calendar.start,
        scheduled_run_time=time(*divmod(minute, 60)),
        schedule_enabled_at=datetime(2010, 1, 1, tzinfo=UTC),
    )
    instant = now.replace(tzinfo=UTC)
    found = due_days(tenant, instant)
    assert len(found) == MAX_CATCH_UP_DAYS
    for each in found:
        end = tenant.config.calendar.window(each.day).end
        assert end <= each.due_at <= instant
        assert each.due_at - end <= timedelta(hours=27)
