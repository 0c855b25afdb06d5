"""Requests that open a connection are reckoned as late as they may have been, and no others."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from synkro_assets.domain.pacing import Pace
from synkro_assets.storage import late_openings
from synkro_assets.storage.late_openings import LateOpenings

AT = 1.7e9


class Clock:
    """In place of the monotonic clock."""

    def __init__(self) -> None:
        self.now = 50.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(late_openings, "time", made)
    return made


def counted(openings: LateOpenings, *recent: float) -> list[float]:
    """By how much each of the moments is held to be late."""
    found = openings.counted_in({"all": Pace(recent)})["all"].recent
    return [round(after - before, 6) for before, after in zip(recent, found, strict=True)]


def in_a_thread(work: Callable[[], None]) -> None:
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def test_a_first_request_is_as_late_as_its_answer_at_most(clock: Clock) -> None:
    openings = LateOpenings()
    openings.departed(AT, clock.now)
    clock.now += 0.03
    openings.arrived()
    clock.now += 5
    assert counted(openings, AT) == [0.03]
    assert not openings


def test_what_is_not_answered_yet_is_as_late_as_a_connection_takes_at_most(
    clock: Clock,
) -> None:
    openings = LateOpenings()
    openings.departed(AT, clock.now)
    clock.now += 0.04
    assert counted(openings, AT) == [0.04]
    clock.now += 0.02
    # The first 40 ms are in the moment already.
    assert counted(openings, AT + 0.04) == [0.02]
    clock.now += 5
    assert counted(openings, AT + 0.06) == [0.04]
    assert not openings


def test_a_request_that_has_a_connection_is_not_late(clock: Clock) -> None:
    openings = LateOpenings()
    for _ in range(3):
        openings.departed(AT, clock.now)
        clock.now += 0.01
        openings.arrived()
        openings.counted_in({"all": Pace((AT,))})
    in_a_thread(lambda: openings.departed(AT + 1, clock.now))
    assert not openings


def test_a_connection_that_was_idle_for_long_is_opened_again(clock: Clock) -> None:
    openings = LateOpenings()
    for pause in (4.9, 5.0, 4.9):
        openings.departed(AT, clock.now)
        openings.arrived()
        openings.counted_in({"all": Pace((AT,))})
        clock.now += pause
    assert not openings
    openings.departed(AT, clock.now)
    assert not openings
    clock.now += 5
    openings.departed(AT, clock.now)
    assert openings


def test_each_request_beside_others_opens_one_more(clock: Clock) -> None:
    openings = LateOpenings()
    openings.departed(AT, clock.now)
    in_a_thread(lambda: openings.departed(AT + 0.01, clock.now))
    clock.now += 0.02
    assert counted(openings, AT, AT + 0.01) == [0.02, 0.02]
