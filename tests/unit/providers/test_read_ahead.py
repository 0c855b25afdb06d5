"""Questions asked ahead: who wants an answer has it, its failure too, and nobody else has."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from synkro_assets.providers.read_ahead import ReadAhead
from tests.waiting import await_that


class Provider:
    """Answers questions once it is let, and knows which thread asked which."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.go_on = threading.Event()
        self.go_on.set()

    def __call__(self, question: str) -> str:
        self.asked.append((question, threading.current_thread().name))
        assert self.go_on.wait(10)
        if question == "what is refused":
            raise LookupError("refused")
        return f"rows of {question}"

    @property
    def questions(self) -> list[str]:
        return sorted(question for question, _ in self.asked)


@pytest.fixture
def provider() -> Iterator[Provider]:
    made = Provider()
    yield made
    made.go_on.set()


def test_an_answer_that_was_asked_for_ahead_is_not_asked_for_again(provider: Provider) -> None:
    with closing(ReadAhead(provider)) as ahead:
        ahead.begin("page 2")
        assert ahead.get("page 2") == "rows of page 2"
        assert provider.asked == [("page 2", "synkro-ahead")]
        assert ahead.get("page 2") == "rows of page 2"
        assert provider.questions == ["page 2", "page 2"]


def test_a_question_is_under_way_while_its_answer_is_not_needed_yet(provider: Provider) -> None:
    provider.go_on.clear()
    with closing(ReadAhead(provider)) as ahead:
        ahead.begin("page 2")
        await_that(lambda: provider.asked, "page 2 is asked for")
        provider.go_on.set()
        assert ahead.get("page 2") == "rows of page 2"


def test_as_many_are_under_way_at_once_as_may_be_and_no_more(provider: Provider) -> None:
    provider.go_on.clear()
    with closing(ReadAhead(provider, most=2)) as ahead:
        rooms = []
        for page in "abc":
            rooms.append(ahead.room)
            ahead.begin(page)
        await_that(lambda: len(provider.asked) == 2, "two questions are asked")
        assert rooms == [2, 1, 0]
        provider.go_on.set()
        assert [ahead.get(page) for page in "cab"] == ["rows of c", "rows of a", "rows of b"]
        assert provider.questions == ["a", "b", "c"]


def test_what_was_not_begun_is_asked_at_once_and_costs_nothing_that_was(provider: Provider) -> None:
    provider.go_on.clear()
    with closing(ReadAhead(provider)) as ahead:
        ahead.begin("page 3")
        await_that(lambda: provider.asked, "page 3 is asked for")
        provider.go_on.set()
        assert ahead.get("page 2") == "rows of page 2"
        assert ahead.get("page 3") == "rows of page 3"
        assert provider.questions == ["page 2", "page 3"]


def test_a_failure_is_raised_to_who_wants_the_answer_and_to_nobody_else(
    provider: Provider,
) -> None:
    with closing(ReadAhead(provider)) as ahead:
        ahead.begin("what is refused")
        assert ahead.get("page 2") == "rows of page 2"
        with pytest.raises(LookupError, match="refused"):
            ahead.get("what is refused")
        ahead.begin("what is refused")


def test_closing_does_not_wait_long_for_an_answer_that_nobody_wants(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("synkro_assets.providers.read_ahead._PATIENCE_SECONDS", 0.01)
    provider.go_on.clear()
    ahead = ReadAhead(provider)
    ahead.begin("page 2")
    ahead.close()
    assert not provider.go_on.is_set()


def test_nothing_is_left_of_the_threads_once_it_is_closed(provider: Provider) -> None:
    with closing(ReadAhead(provider, most=3)) as ahead:
        for page in "abc":
            ahead.begin(page)
        assert [ahead.get(page) for page in "abc"] == ["rows of a", "rows of b", "rows of c"]
    await_that(lambda: not _readers(), "the threads have ended")


def _readers() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name == "synkro-ahead"]
