"""Servers of chats in memory that show their messages back in time, whatever Radist's are like.

What lives here: what such a server holds, how it answers and how it changes while it is read. What
must come of reading it is said in ``test_backward_pages.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from hypothesis import strategies as st

from synkro_assets.providers.backward_pages import BackwardPages, PageSize

Row = dict[str, Any]
START = datetime(2026, 3, 5, tzinfo=UTC)
LIMIT = 100
MOMENTS = 6


class Change(NamedTuple):
    """What happens in a chat before a request; a message that is gone leaves it, others enter."""

    request: int
    chat: int
    message: int
    at: datetime | None


@dataclass
class Server:
    """Shows at most ``size`` of a chat's messages up to a moment, in the order of ``shuffle``.

    ``precision`` is what bounds are cut down to. ``log`` is what was asked and which messages were
    answered.
    """

    chats: dict[int, list[Row]]
    size: int = LIMIT
    is_inclusive: bool = False
    precision: timedelta = timedelta(microseconds=1)
    shuffle: int = 0
    changes: Sequence[Change] = ()
    log: list[tuple[int, datetime, frozenset[int]]] = field(default_factory=list)

    def page(self, chat: int, until: datetime) -> list[Row]:
        until -= (until - START) % self.precision
        rows = [
            row
            for row in self._now(chat, len(self.log))
            if row["at"] < until or (self.is_inclusive and row["at"] == until)
        ]
        rows = sorted(rows, key=lambda row: (row["at"], row["id"]), reverse=True)[: self.size]
        self.log.append((chat, until, frozenset(row["id"] for row in rows)))
        return sorted(rows, key=lambda row: (row["id"] * self.shuffle) % 101)

    def feed(self, chat: int, size: PageSize | None = None) -> BackwardPages:
        return BackwardPages(
            fetch=lambda until: self.page(chat, until),
            key=lambda row: row["id"],
            time_of=lambda row: row["at"],
            limit=LIMIT,
            size=size or PageSize(),
        )

    def _now(self, chat: int, request: int) -> list[Row]:
        done = [each for each in self.changes if each.chat == chat and each.request <= request]
        gone = {each.message for each in done if each.at is None}
        came = [{"id": each.message, "at": each.at} for each in done if each.at is not None]
        return [row for row in [*self.chats[chat], *came] if row["id"] not in gone]

    def lasting(self, chat: int) -> list[Row]:
        """The messages that were there before the first request and are after the last."""
        first, last = self._now(chat, -1), self._now(chat, len(self.log))
        return [row for row in first if row in last]

    def ever(self, chat: int, since: datetime, until: datetime) -> set[int]:
        """Messages of a window that were there at some time."""
        came = [each for each in self.changes if each.chat == chat and each.at is not None]
        rows = [*self.chats[chat], *({"id": each.message, "at": each.at} for each in came)]
        return {row["id"] for row in rows if since <= row["at"] < until}

    def delete(self, message: int, *, before_request: int) -> None:
        chats = [chat for chat, rows in self.chats.items() for row in rows if row["id"] == message]
        self.changes = [*self.changes, Change(before_request, chats[0], message, None)]

    def without_what_it_never_showed(self) -> Server:
        """The server that answers the same, and has room for more on a page."""
        shown = {message for _, _, messages in self.log for message in messages}
        chats = {
            chat: [row for row in rows if row["id"] in shown] for chat, rows in self.chats.items()
        }
        came = [each for each in self.changes if each.at is None or each.message in shown]
        return replace(self, chats=chats, size=LIMIT, changes=came, log=[])


World = tuple[Server, datetime, datetime]


@st.composite
def moments(draw: st.DrawFn) -> list[datetime]:
    """A few moments close to each other, of whole seconds or finer."""
    steps = st.sampled_from([1, 400, 1000, 400_000, 1_000_000, 7_000_000])
    at = START + timedelta(microseconds=draw(st.sampled_from([0, 1, 999_000, 999_999])))
    found = [at]
    for step in draw(st.lists(steps, min_size=MOMENTS - 1, max_size=MOMENTS - 1)):
        found.append(at := at + timedelta(microseconds=step))
    return found


@st.composite
def servers(draw: st.DrawFn, sizes: st.SearchStrategy[int], *, is_changing: bool = True) -> World:
    """A server of several chats, and the window of which its messages are asked for."""
    instants = draw(moments())
    together = st.integers(1, 3) | st.integers(1, 14)
    crowds = st.lists(
        st.tuples(st.sampled_from(instants), together), min_size=1, max_size=2 * MOMENTS
    )
    chats, number = {}, 0
    for chat in range(draw(st.integers(1, 4))):
        chats[chat] = []
        for at, count in draw(crowds):
            chats[chat] += [{"id": number + each, "at": at} for each in range(count)]
            number += count
    change = st.builds(
        Change,
        request=st.integers(0, 8),
        chat=st.sampled_from(sorted(chats)),
        message=st.integers(0, max(number - 1, 0)),
        at=st.none(),
    )
    arrival = st.builds(
        Change,
        request=st.integers(0, 8),
        chat=st.sampled_from(sorted(chats)),
        message=st.integers(number, number + 5),
        at=st.sampled_from(instants),
    )
    changes = draw(
        st.lists(change | arrival, max_size=6, unique_by=lambda each: each.message)
        if is_changing
        else st.just([])
    )
    server = Server(
        chats,
        size=draw(sizes),
        is_inclusive=draw(st.booleans()),
        precision=draw(
            st.sampled_from(
                [timedelta(microseconds=1), timedelta(milliseconds=1), timedelta(seconds=1)]
            )
        ),
        shuffle=draw(st.integers(1, 100)),
        changes=changes,
    )
    since = draw(st.sampled_from([START - timedelta(days=1), *instants[:-1]]))
    later = [each for each in instants if each > since]
    return server, since, draw(st.sampled_from([START + timedelta(days=1), *later]))
