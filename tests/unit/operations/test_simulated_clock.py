"""The clock that follows another: how often it asks, and what it says in between."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from synkro_assets.domain.errors import WorkFailed
from synkro_assets.operations.simulated_clock import (
    BRIDGED_SECONDS,
    ClockReading,
    SimulatedClock,
    parse_reading,
)

NOON = datetime(2026, 3, 5, 12, tzinfo=UTC)


@dataclass
class Elsewhere:
    """An address with a clock, and the seconds that pass here."""

    reading: ClockReading = field(default_factory=lambda: ClockReading(NOON, 1.0))
    is_there: bool = True
    asked: int = 0
    seconds: float = 1000.0

    def read(self, url: str) -> ClockReading:
        self.asked += 1
        if not self.is_there:
            raise WorkFailed(f"{url} does not answer")
        return self.reading

    def clock(self) -> SimulatedClock:
        return SimulatedClock("http://there", read=self.read, elapsed=lambda: self.seconds)


def test_it_is_asked_at_most_once_a_second() -> None:
    there = Elsewhere()
    clock = there.clock()

    for _ in range(20):
        clock.now()
        there.seconds += 0.1
    assert there.asked == 2


@pytest.mark.parametrize(("rate", "seconds"), [(1.0, 0.5), (288.0, 144.0), (0.0, 0.0)])
def test_between_two_questions_time_passes_at_the_rate_of_there(
    rate: float, seconds: float
) -> None:
    there = Elsewhere(ClockReading(NOON, rate))
    clock = there.clock()

    assert clock.now() == NOON
    there.seconds += 0.5
    assert clock.now() == NOON + timedelta(seconds=seconds)
    assert there.asked == 1


def test_a_clock_put_forward_is_followed_within_a_second() -> None:
    there = Elsewhere()
    clock = there.clock()
    clock.now()

    there.reading = ClockReading(NOON + timedelta(days=2), 1.0)
    there.seconds += 1.0

    assert clock.now() == NOON + timedelta(days=2)


def test_it_never_goes_back() -> None:
    there = Elsewhere(ClockReading(NOON, 288.0))
    clock = there.clock()
    clock.now()
    there.seconds += 0.9
    before = clock.now()

    there.reading = ClockReading(NOON - timedelta(days=1), 0.0)
    there.seconds += 1.0

    assert clock.now() == before > NOON


def test_an_address_that_never_answered_fails_at_first_use() -> None:
    clock = Elsewhere(is_there=False).clock()

    with pytest.raises(WorkFailed, match="http://there does not answer"):
        clock.now()


def test_a_moment_without_an_answer_is_bridged_and_a_lasting_one_is_not() -> None:
    there = Elsewhere()
    clock = there.clock()
    clock.now()
    there.is_there = False

    there.seconds += 2.0
    assert clock.now() == NOON + timedelta(seconds=2)

    there.seconds += BRIDGED_SECONDS
    with pytest.raises(WorkFailed):
        clock.now()


@pytest.mark.parametrize(
    "answer",
    [None, [], {}, {"now": "noon", "rate": 1}, {"now": "2026-03-05T12:00:00", "rate": 1},
     {"now": "2026-03-05T12:00:00Z", "rate": None}],
)  # fmt: skip
def test_an_answer_without_a_time_is_refused(answer: object) -> None:
    with pytest.raises(ValueError, match=r"the (answer|time)"):
        parse_reading(answer)
