"""Labels and windows: days tile time in every zone, and each instant has exactly one label."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import example, given, settings

from synkro_assets.domain.business_day import (
    BusinessCalendar,
    BusinessDay,
    Window,
    parse_business_day,
    zone_named,
)
from synkro_assets.domain.errors import UsageProblem
from tests.unit.calendars import calendars, days, instants

MOSCOW = "Europe/Moscow"
APIA = BusinessCalendar("Pacific/Apia", time(6))


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


def shifted(day: date, count: int) -> BusinessDay:
    return BusinessDay(day + timedelta(days=count))


@settings(max_examples=1500, deadline=None)
@given(calendars(), days())
@example(APIA, date(2011, 12, 30))
@example(BusinessCalendar("Australia/Lord_Howe", time(2, 15)), date(2026, 10, 4))
@example(BusinessCalendar("Asia/Almaty", time(0)), date(2024, 2, 29))
@example(BusinessCalendar("Europe/Berlin", time(2, 30)), date(2026, 10, 25))
def test_days_tile_time(calendar: BusinessCalendar, day: date) -> None:
    window, following = calendar.window(BusinessDay(day)), calendar.window(shifted(day, 1))

    assert window.end == following.start
    assert window.start <= window.end
    assert timedelta(0) <= window.duration <= timedelta(hours=48)


@settings(max_examples=1500, deadline=None)
@given(calendars(), instants())
@example(APIA, utc(2011, 12, 30, 10))
@example(APIA, utc(2011, 12, 30, 16))
@example(BusinessCalendar("Pacific/Kwajalein", time(12)), utc(1993, 8, 21, 12))
def test_each_instant_has_exactly_one_label(calendar: BusinessCalendar, instant: datetime) -> None:
    label = calendar.label(instant)

    near = [shifted(label, count) for count in range(-3, 4)]
    assert [day for day in near if instant in calendar.window(day)] == [label]


@settings(max_examples=500, deadline=None)
@given(calendars(), days())
def test_the_edges_of_a_window_belong_to_it_and_to_the_next(
    calendar: BusinessCalendar, day: date
) -> None:
    window = calendar.window(BusinessDay(day))

    if window.duration:
        assert calendar.label(window.start) == day
        assert calendar.label(window.end - timedelta(microseconds=1)) == day
    assert calendar.label(window.end) > day


@settings(max_examples=500, deadline=None)
@given(calendars(), instants())
def test_the_latest_closed_day_is_over_and_nothing_closed_after_it(
    calendar: BusinessCalendar, now: datetime
) -> None:
    closed = calendar.latest_closed(now)

    window = calendar.window(closed)
    assert window.start < window.end <= now
    assert calendar.label(window.end) == calendar.label(now)


@settings(max_examples=500, deadline=None)
@given(calendars(), days(first=1995))
def test_a_window_begins_at_the_local_start_unless_clocks_skipped_it(
    calendar: BusinessCalendar, day: date
) -> None:
    start = calendar.window(BusinessDay(day)).start
    first = day if calendar.start < time(12) else day - timedelta(days=1)
    wanted = datetime.combine(first, calendar.start)

    local = start.astimezone(calendar.zone)

    if local.replace(tzinfo=None, fold=0) == wanted:
        assert local.fold == 0
    else:
        assert local.replace(tzinfo=None) > wanted
        skipped = wanted.replace(tzinfo=calendar.zone)
        assert skipped.utcoffset() != skipped.replace(fold=1).utcoffset()


def test_a_day_that_starts_late_is_labelled_by_the_date_it_ends_on() -> None:
    calendar = BusinessCalendar(MOSCOW, time(22, 1))

    tuesday = calendar.window(BusinessDay(date(2026, 3, 3)))

    assert tuesday == Window(utc(2026, 3, 2, 19, 1), utc(2026, 3, 3, 19, 1))
    assert calendar.label(utc(2026, 3, 2, 19, 1)) == date(2026, 3, 3)
    assert calendar.label(utc(2026, 3, 2, 19, 0, 59)) == date(2026, 3, 2)


def test_a_day_that_starts_early_is_labelled_by_the_date_it_starts_on() -> None:
    calendar = BusinessCalendar(MOSCOW, time(6))

    tuesday = calendar.window(BusinessDay(date(2026, 3, 3)))

    assert tuesday == Window(utc(2026, 3, 3, 3), utc(2026, 3, 4, 3))
    assert calendar.label(utc(2026, 3, 3, 2, 59)) == date(2026, 3, 2)


@pytest.mark.parametrize(
    ("start", "first"), [(time(11, 59), date(2026, 3, 3)), (time(12), date(2026, 3, 2))]
)
def test_noon_already_counts_as_late(start: time, first: date) -> None:
    window = BusinessCalendar("UTC", start).window(BusinessDay(date(2026, 3, 3)))

    assert window.start == datetime.combine(first, start, tzinfo=UTC)


@pytest.mark.parametrize(
    ("timezone", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 28), 24),
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("Europe/Moscow", date(2026, 3, 29), 24),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("Australia/Lord_Howe", date(2026, 10, 4), 23.5),
        ("Asia/Almaty", date(2024, 2, 29), 25),
        ("Antarctica/Troll", date(2026, 3, 29), 22),
    ],
)
def test_a_day_is_as_long_as_its_clocks_make_it(timezone: str, day: date, hours: float) -> None:
    window = BusinessCalendar(timezone, time(0)).window(BusinessDay(day))

    assert window.duration == timedelta(hours=hours)


def test_a_late_start_carries_the_clock_change_in_the_label_that_holds_it() -> None:
    calendar = BusinessCalendar("Europe/Berlin", time(22, 1))

    assert calendar.window(BusinessDay(date(2026, 3, 29))).duration == timedelta(hours=23)
    assert calendar.window(BusinessDay(date(2026, 10, 25))).duration == timedelta(hours=25)


def test_a_date_that_a_zone_skipped_has_an_empty_window_and_no_instant() -> None:
    skipped = BusinessDay(date(2011, 12, 30))

    assert not APIA.window(skipped).duration
    assert APIA.label(utc(2011, 12, 30, 15, 59)) == date(2011, 12, 29)
    assert APIA.label(utc(2011, 12, 30, 16)) == date(2011, 12, 31)


def test_the_latest_closed_day_is_never_the_skipped_one() -> None:
    assert APIA.latest_closed(utc(2011, 12, 30, 17)) == date(2011, 12, 29)


def test_a_day_closes_with_its_last_minute() -> None:
    calendar = BusinessCalendar(MOSCOW, time(22, 1))

    assert calendar.latest_closed(utc(2026, 3, 3, 19, 0, 59)) == date(2026, 3, 2)
    assert calendar.latest_closed(utc(2026, 3, 3, 19, 1)) == date(2026, 3, 3)


@pytest.mark.parametrize("name", ["", "Europe", "Mars/Olympus", "../etc/passwd", "UTC+3\n"])
def test_an_unknown_zone_is_refused_in_one_line(name: str) -> None:
    with pytest.raises(UsageProblem, match="unknown time zone") as refusal:
        zone_named(name)
    assert "\n" not in str(refusal.value)


def test_a_day_is_read_as_it_is_written() -> None:
    assert parse_business_day("2026-03-05") == date(2026, 3, 5)


@pytest.mark.parametrize(
    "text", ["", "20260305", "2026-3-5", "2026-W10-4", "2026-02-30", "2026-03-05\n", "today"]
)
def test_anything_else_is_no_day(text: str) -> None:
    with pytest.raises(UsageProblem, match="YYYY-MM-DD"):
        parse_business_day(text)
