"""A clock that follows the simulators', so that a demonstration's days pass as fast as is wished.

What lives here: asking an address for its time and going on from its answer. Business decisions go
by it: which day is closed, what is due, when something was fetched. Leases, heartbeats and pacing
stay on real time. Which clock an installation has is decided in ``settings``.
"""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from synkro_assets.domain.errors import WorkFailed

ASK_EVERY_SECONDS = 1.0
ANSWER_WITHIN_SECONDS = 5.0

# An address that is busy for a moment does not stop the work; one that is gone does.
BRIDGED_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class ClockReading:
    """What time it was there, and how many seconds pass there in one of ours."""

    now: datetime
    rate: float


def read_clock(url: str) -> ClockReading:
    """Ask the address; raises WorkFailed when it does not answer with a time."""
    try:
        with urllib.request.urlopen(url, timeout=ANSWER_WITHIN_SECONDS) as answer:
            return parse_reading(json.load(answer))
    except (OSError, ValueError) as problem:
        said = " ".join(str(problem).split())
        raise WorkFailed(
            f"the clock at {url} (SYNKRO_CLOCK_URL) does not answer: {said}: start the simulators "
            "or remove the variable"
        ) from None


def parse_reading(document: object) -> ClockReading:
    """The answer of the simulators' ``GET /control/clock``; raises ValueError for another."""
    try:
        now = datetime.fromisoformat(document["now"])  # type: ignore[index]  # checked by trying
        rate = float(document["rate"])  # type: ignore[index]  # checked by trying
    except (KeyError, TypeError, ValueError):
        raise ValueError("the answer holds no time and rate") from None
    if now.tzinfo is None:
        raise ValueError("the time in the answer has no zone")
    return ClockReading(now.astimezone(UTC), rate)


class SimulatedClock:
    """The time at an address; asked at most once a second, and never going back."""

    def __init__(
        self,
        url: str,
        *,
        read: Callable[[str], ClockReading] = read_clock,
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url, self._read, self._elapsed = url, read, elapsed
        self._lock = threading.Lock()
        self._reading: ClockReading | None = None
        self._read_at = self._asked_at = 0.0
        self._latest = datetime.min.replace(tzinfo=UTC)

    def now(self) -> datetime:
        with self._lock:
            reading = self._current()
            passed = (self._elapsed() - self._read_at) * reading.rate
            self._latest = max(self._latest, reading.now + timedelta(seconds=passed))
            return self._latest

    def _current(self) -> ClockReading:
        at = self._elapsed()
        if self._reading is not None and at - self._asked_at < ASK_EVERY_SECONDS:
            return self._reading
        self._asked_at = at
        try:
            reading = self._read(self._url)
        except WorkFailed:
            if self._reading is None or at - self._read_at > BRIDGED_SECONDS:
                raise
            return self._reading
        self._reading, self._read_at = reading, self._elapsed()
        return reading
