"""Reading back in time loses and repeats no row, whatever the server's pages are like."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synkro_assets.domain.errors import IncompleteFetch
from synkro_assets.providers.backward_pages import PageSize
from tests.unit.providers.backward_worlds import LIMIT, START, Row, Server, World, servers

in_many_worlds = settings(max_examples=120, deadline=None)
SECOND, MILLISECOND = timedelta(seconds=1), timedelta(milliseconds=1)
LATER = START + timedelta(days=1)
SMALLEST_CUT = 10
sizes_of_note = st.sampled_from([SMALLEST_CUT, 11, 13, 20, 60, LIMIT])
tiny_sizes = st.integers(1, SMALLEST_CUT - 1)


def read(
    server: Server, since: datetime = START, until: datetime = LATER
) -> dict[int, list[int]] | None:
    """The messages of each chat as they were read; None where the reading was refused."""
    size = PageSize()
    try:
        return {
            chat: [row["id"] for page in server.feed(chat, size).read(since, until) for row in page]
            for chat in server.chats
        }
    except IncompleteFetch:
        return None


def lost(world: World, found: dict[int, list[int]]) -> set[int]:
    """The messages that were there all the time, and were not read."""
    server, since, until = world
    return {
        row["id"]
        for chat in server.chats
        for row in server.lasting(chat)
        if since <= row["at"] < until and row["id"] not in found[chat]
    }


def chat_of(*seconds: float) -> dict[int, list[Row]]:
    rows = [{"id": n, "at": START + timedelta(seconds=each)} for n, each in enumerate(seconds)]
    return {0: rows}


def requests_of(counts: Sequence[int], size: int = LIMIT) -> list[int]:
    """Requests of chats that are read one after another, each with a message a second."""
    server = Server({n: chat_of(*range(count))[0] for n, count in enumerate(counts)}, size)
    assert read(server) is not None
    asked = [chat for chat, _, _ in server.log]
    return [asked.count(chat) for chat in server.chats]


@in_many_worlds
@given(servers(sizes_of_note))
def test_whatever_a_server_holds_is_read_whole_or_refused(world: World) -> None:
    found = read(*world)
    if found is None:
        return
    assert not lost(world, found)
    server, since, until = world
    for chat, messages in found.items():
        assert len(messages) == len(set(messages))
        assert set(messages) <= server.ever(chat, since, until)


@in_many_worlds
@given(servers(tiny_sizes))
def test_of_tiny_pages_only_that_is_lost_of_which_no_answer_could_tell(world: World) -> None:
    found = read(*world)
    if found is None or not lost(world, found):
        return
    server = world[0]
    honest = server.without_what_it_never_showed()
    for chat, bound, shown in server.log:
        honest.page(chat, bound)
        assert honest.log[-1] == (chat, bound, shown)


@in_many_worlds
@given(servers(sizes_of_note, is_changing=False))
def test_only_a_crowd_that_may_fill_a_page_is_refused(world: World) -> None:
    if read(*world) is not None:
        return
    server = world[0]
    moment = SECOND if server.precision == SECOND else MILLISECOND
    crowds = [
        sum(begin <= other["at"] <= begin + moment for other in rows)
        for rows in server.chats.values()
        for row in rows
        for begin in [row["at"] - (row["at"] - START) % moment]
    ]
    assert max(crowds) >= SMALLEST_CUT


@pytest.mark.parametrize("is_inclusive", [True, False])
@pytest.mark.parametrize("beside", [2, 5])
def test_messages_older_than_a_crowd_that_fills_a_page_are_not_lost(
    beside: int, is_inclusive: bool
) -> None:
    server = Server(chat_of(1, 2, *[5] * beside), size=beside, is_inclusive=is_inclusive)
    assert read(server) is None


def test_what_was_taken_on_trust_is_refused_once_a_page_as_large_was_cut() -> None:
    chats = {0: chat_of(5, 5, 5)[0], 1: chat_of(1, 2, 3, 4)[0]}
    assert read(Server({0: chats[0]}, size=2)) is not None, "nothing tells of the third"
    assert read(Server(chats, size=2)) is None
    assert read(Server({0: chats[1], 1: chats[0]}, size=2)) is None


@pytest.mark.parametrize("is_inclusive", [True, False])
def test_a_crowd_larger_than_a_page_is_an_incomplete_fetch(is_inclusive: bool) -> None:
    feed = Server(chat_of(*[0.005] * 130), is_inclusive=is_inclusive).feed(0)
    with pytest.raises(IncompleteFetch, match="share one moment"):
        list(feed.read(START, LATER))


def test_a_bound_cut_to_seconds_hides_nothing() -> None:
    sparse = Server(chat_of(*[0.7 * n for n in range(40)]), size=10, precision=SECOND)
    assert read(sparse, until=START + timedelta(seconds=14.5)) == {0: [*range(20, -1, -1)]}
    crowded = Server(chat_of(*[0.4 + n / 1000 for n in range(29)]), size=10, precision=SECOND)
    assert read(crowded) is None
    assert read(Server(chat_of(0, 0.4), precision=SECOND)) == {0: [1, 0]}
    assert read(Server(chat_of(2, 3, 3.001001), size=2, precision=SECOND)) is None


def test_a_message_deleted_at_a_page_s_edge_stops_nothing_where_another_shows_the_touch() -> None:
    server = Server(chat_of(*[n / 5 for n in range(40)]), size=15)
    server.delete(25, before_request=1)
    assert read(server) == {0: [*range(39, -1, -1)]}


def test_reading_stops_at_the_page_that_is_older_than_the_lower_bound() -> None:
    server = Server(chat_of(*range(100)), size=10)
    feed = server.feed(0)
    assert len(list(feed.read(START + timedelta(seconds=95), LATER))) == 1


def test_a_server_that_ignores_the_bound_is_an_incomplete_fetch() -> None:
    server = Server(chat_of(*range(30)), size=10)
    feed = server.feed(0)
    asked = list(server.page(0, LATER))
    object.__setattr__(feed, "fetch", lambda _: asked)
    with pytest.raises(IncompleteFetch):
        list(feed.read(START, LATER))


@pytest.mark.parametrize("size", [3, 7, 30])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, 95])
def test_a_server_that_cuts_pages_below_what_was_asked_loses_nothing(size: int, count: int) -> None:
    server = Server(chat_of(*range(count)), size)
    assert read(server) == {0: [*range(count - 1, -1, -1)]}


def test_an_ordinary_chat_takes_no_request_that_is_not_needed() -> None:
    assert requests_of([20, 19, 5, 1, 0, 2]) == [2, 1, 1, 1, 1, 1], "a longer page was seen"
    assert requests_of([1, 2, 3, 2]) == [2, 2, 2, 1], "one more where none was"
    assert requests_of([20, 20, 20]) == [2, 2, 2], "pages of twenty look like this, too"
    assert requests_of([230, 120]) == [3, 2]
    assert requests_of([20, 12], size=10) == [3, 2]
