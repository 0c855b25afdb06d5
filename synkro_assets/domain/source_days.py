"""What is known of a day from one source: as of when, and what of it is still to be read.

What lives here: the shapes. Rows are ``storage/source_days.py``; how a report says it is
``reporting/gaps.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Cut:
    """A limit of the tenant's that ended a reading; ``left`` is None where nobody can know it.

    ``read`` of ``unit`` are stored so far, over all readings of the day.
    """

    limit: str
    value: int
    unit: str
    read: int
    left: int | None = None


@dataclass(frozen=True, slots=True)
class SourceDay:
    """A stored day of a source; ``last_error`` is why it could not be read again since."""

    business_day: date
    source: str
    data_as_of: datetime
    cuts: tuple[Cut, ...] = ()
    place: dict[str, Any] | None = None
    last_error: str | None = None

    @property
    def is_stale(self) -> bool:
        return self.last_error is not None

    @property
    def is_whole(self) -> bool:
        return not self.is_stale and not self.cuts
