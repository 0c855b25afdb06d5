"""Work done beside: its outcome is had, its failure raised, and nobody waits long for what is not
wanted."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from synkro_assets.domain.errors import ProviderUnavailable
from synkro_assets.ingestion import beside
from synkro_assets.ingestion.beside import Beside, WhileWanted
from tests.waiting import await_that


def working() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name == "synkro-beside"]


def test_the_outcome_is_had_as_often_as_it_is_wanted() -> None:
    def work(while_wanted: WhileWanted) -> list[int]:
        return [each["id"] for each in while_wanted([{"id": 1}, {"id": 2}])]

    with Beside(work) as reading:
        assert reading.outcome() == [1, 2]
        assert reading.outcome() == [1, 2]


def test_the_work_goes_on_while_the_block_does_other() -> None:
    met = threading.Barrier(2, timeout=10)
    with Beside(lambda _: met.wait()) as reading:
        met.wait()
        assert reading.outcome() in (0, 1)


def test_what_went_wrong_is_raised_to_who_wants_the_outcome() -> None:
    def work(_: WhileWanted) -> None:
        raise ProviderUnavailable("amoCRM", "cut")

    with Beside(work) as reading, pytest.raises(ProviderUnavailable, match="cut"):
        reading.outcome()


def test_work_that_nobody_wants_any_more_ends_with_the_next_record() -> None:
    seen: list[Any] = []
    is_abandoned = threading.Event()

    def records() -> Iterator[dict[str, Any]]:
        yield {"id": 1}
        assert is_abandoned.wait(10)
        yield {"id": 2}
        pytest.fail("the work went on")

    def work(while_wanted: WhileWanted) -> None:
        seen.extend(map(dict, while_wanted(records())))

    with Beside(work) as reading:
        threading.Timer(0.05, is_abandoned.set).start()
    await_that(lambda: not working(), "the work has ended")
    with pytest.raises(beside.Abandoned):
        reading.outcome()


def test_nobody_waits_long_for_an_answer_that_is_not_wanted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(beside, "_PATIENCE_SECONDS", 0.01)
    answered = threading.Event()
    with Beside(lambda _: answered.wait(10)):
        pass
    assert working()
    answered.set()
    await_that(lambda: not working(), "the work has ended")
