"""What any tenant's calendar may look like, as hypothesis strategies."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import available_timezones

from hypothesis import strategies as st

from synkro_assets.domain.business_day import BusinessCalendar

HARD_ZONES = (
    "Europe/Moscow", "Asia/Almaty", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe",
    "Pacific/Apia", "Pacific/Kwajalein", "America/St_Johns", "Africa/Casablanca", "Asia/Kathmandu",
    "Antarctica/Troll", "Europe/Istanbul", "Pacific/Kiritimati", "Etc/GMT+12", "Asia/Pyongyang",
)  # fmt: skip

_ALL_ZONES = sorted(available_timezones() - {"Factory", "localtime"})

# Dates on which a zone changed its law, or its clocks, in an unusual way.
_CHANGES = (
    date(1993, 8, 21), date(1995, 1, 1), date(2010, 10, 31), date(2011, 3, 27), date(2011, 12, 30),
    date(2014, 10, 26), date(2015, 8, 15), date(2016, 9, 7), date(2018, 10, 28), date(2024, 3, 1),
    date(2026, 3, 29), date(2026, 4, 5), date(2026, 10, 25),
)  # fmt: skip


def calendars() -> st.SearchStrategy[BusinessCalendar]:
    zones = st.one_of(st.sampled_from(HARD_ZONES), st.sampled_from(_ALL_ZONES))
    usual = st.sampled_from([time(0), time(6), time(11, 59), time(12), time(22, 1), time(23, 59)])
    minutes = st.integers(0, 24 * 60 - 1).map(lambda minute: time(*divmod(minute, 60)))
    return st.builds(BusinessCalendar, zones, st.one_of(usual, minutes))


def days(first: int = 1975, last: int = 2037) -> st.SearchStrategy[date]:
    known = [day for day in _CHANGES if first <= day.year <= last]
    near = st.builds(
        lambda day, shift: date.fromordinal(day.toordinal() + shift),
        st.sampled_from(known), st.integers(-2, 2),
    )  # fmt: skip
    return st.one_of(near, st.dates(date(first, 1, 5), date(last, 12, 25)))


def instants(first: int = 1975, last: int = 2037) -> st.SearchStrategy[datetime]:
    quarters = st.integers(0, 95).map(lambda quarter: quarter * 900)
    seconds = st.one_of(st.integers(0, 86399), quarters)
    return st.builds(
        lambda day, second: datetime.fromtimestamp(
            datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() + second, UTC
        ),
        days(first, last), seconds,
    )  # fmt: skip
