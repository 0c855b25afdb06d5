"""The business day: which window of time a day's label stands for, and back.

What lives here: the rule between labels and windows. Partition keys are built in ``partitions``;
the window a stored day was really read with is kept in ``app.business_day_windows``.

A day is labelled by the calendar date that holds most of it. With a start before noon, day D is
``[D at start, D+1 at start)``; with a start at noon or later it is ``[D-1 at start, D at start)``.
Starts are local wall time, so a day is 23 or 25 hours long when clocks change. A wall time that a
clock change skips is read with the offset before the change and one that happens twice is its
first occurrence (PEP 495, ``fold=0``), so that days tile time: no gap, no overlap. Where a zone
skipped a whole date (Samoa, 2011-12-30) that label's window is empty.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import NewType
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from synkro_assets.domain.errors import UsageProblem

BusinessDay = NewType("BusinessDay", date)

_NOON = time(12)


@dataclass(frozen=True, slots=True)
class Window:
    """A half-open stretch of time ``[start, end)``, both aware UTC."""

    start: datetime
    end: datetime

    def __contains__(self, instant: datetime) -> bool:
        return self.start <= instant < self.end

    @property
    def duration(self) -> timedelta:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class BusinessCalendar:
    """A tenant's zone (IANA name) and the local wall time at which its day begins."""

    timezone: str
    start: time

    @property
    def zone(self) -> ZoneInfo:
        return zone_named(self.timezone)

    def window(self, day: BusinessDay) -> Window:
        """The window that the label ``day`` stands for."""
        first = day if self.start < _NOON else day - timedelta(days=1)
        return Window(self._boundary(first), self._boundary(first + timedelta(days=1)))

    def label(self, instant: datetime) -> BusinessDay:
        """The one label whose window holds ``instant`` (aware, any zone)."""
        near = instant.astimezone(self.zone).date()
        # A repeated or skipped date moves a boundary by at most a day either way.
        for shift in (0, 1, -1, 2, -2):
            day = BusinessDay(near + timedelta(days=shift))
            if instant in self.window(day):
                return day
        raise ValueError(f"no business day of {self.timezone} holds {instant.isoformat()}")

    def latest_closed(self, now: datetime) -> BusinessDay:
        """The last label whose window has ended by ``now`` and is not empty."""
        day = BusinessDay(self.label(now) - timedelta(days=1))
        while not self.window(day).duration:
            day = BusinessDay(day - timedelta(days=1))
        return day

    def _boundary(self, local_date: date) -> datetime:
        return datetime.combine(local_date, self.start, tzinfo=self.zone).astimezone(UTC)


def zone_named(name: str) -> ZoneInfo:
    """The IANA zone; raises UsageProblem when there is none of that name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as problem:
        raise UsageProblem(
            f"unknown time zone {name!r}: give an IANA name such as Europe/Moscow"
        ) from problem


def parse_business_day(text: str) -> BusinessDay:
    """``YYYY-MM-DD`` as a business day; raises UsageProblem for anything else."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        raise UsageProblem(f"{text!r} is not a day: write it as YYYY-MM-DD")
    return BusinessDay(day)


def days_between(first: BusinessDay, last: BusinessDay) -> list[BusinessDay]:
    """Every label from ``first`` to ``last``, both included; none when they are out of order."""
    return [BusinessDay(first + timedelta(days=n)) for n in range((last - first).days + 1)]


def stretches(days: Iterable[BusinessDay]) -> list[tuple[BusinessDay, BusinessDay]]:
    """The longest runs of consecutive labels among ``days``, as (first, last), in order."""
    found: list[tuple[BusinessDay, BusinessDay]] = []
    for day in sorted(set(days)):
        if found and day - found[-1][1] == timedelta(days=1):
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found


def parse_instant(text: str, zone: tzinfo) -> datetime:
    """An ISO 8601 instant in UTC; one without an offset is wall time of ``zone``.

    Raises UsageProblem for anything else.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise UsageProblem(
            f"{text!r} is not a time: write it as 2026-03-05T10:00, with an offset such as +03:00 "
            "unless it is the tenant's local time"
        ) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
