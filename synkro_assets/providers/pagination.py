"""Reading a paged feed to its end without losing a row when rows move between pages.

What lives here: the ways of paging as pure generators over a fetch function. What does not:
addresses, parameters and errors of a provider (its client).

A feed that cannot be read whole raises IncompleteFetch; nothing ends early in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from synkro_assets.domain.errors import IncompleteFetch

Row = dict[str, Any]
KeyOf = Callable[[Row], Hashable]

# No account has this many pages; a feed that passes it is going in circles.
MOST_PAGES = 20_000
_MOST_REREADS = 20
# A handful of rows that only repeat is the feed's beginning, not a page cut in a crowded moment.
_SMALLEST_CUT = 10
# Clients of the live API step by a millisecond or a microsecond. The coarse step suits servers
# that cut the bound to milliseconds; the fine one gets past rows that crowd one millisecond.
_STEPS = (timedelta(milliseconds=1), timedelta(microseconds=1))


def _nothing(_: Any) -> None:
    """Nobody reads ahead."""


@dataclass(frozen=True, slots=True)
class Page:
    """Rows and where the next page is: a link, a cursor, or None at the end."""

    rows: Sequence[Row]
    next: str | None = None


def linked_pages(
    fetch: Callable[[str | None], Page], key: KeyOf, ahead: Callable[[str], None] = _nothing
) -> Iterator[list[Row]]:
    """Pages by their next link (amoCRM), each row once; ``fetch(None)`` is the first page.

    ``ahead`` is told which link is fetched next, before a page's rows are looked at.

    Only the absence of a next link ends the feed: a page may be short or empty and not be the
    last. Rows that leave a page already read pull unread ones over the edge; feeds whose rows can
    do that are read with ``ascending_pages`` or ``settled_pages``.
    """
    seen: set[Hashable] = set()
    for page in walked_pages(fetch):
        if page.next:
            ahead(page.next)
        fresh = _unseen(page.rows, key, seen)
        if fresh:
            yield fresh


def settled_pages(
    fetch: Callable[[str | None], Page],
    key: KeyOf,
    seen: set[Hashable] | None = None,
    is_enough: Callable[[Page], bool] = lambda _: False,
) -> Iterator[list[Row]]:
    """Pages by their next link of a feed that rows may leave but not enter, each row once.

    A row that leaves a page already read pulls another one over an edge, where it is not seen.
    Several pages are therefore read again until two readings show the same rows: had a row been
    missed, the one that left would be gone from the second. One page alone is one moment.
    ``seen`` are rows not to be repeated; the page that ``is_enough`` is the last one wanted.
    """
    seen = set() if seen is None else seen
    before: set[Hashable] | None = None
    for _ in range(_MOST_REREADS):
        found: set[Hashable] = set()
        pages = 0
        for page in walked_pages(fetch):
            pages += 1
            found.update(key(row) for row in page.rows)
            is_last = is_enough(page)
            fresh = _unseen(page.rows, key, seen)
            if fresh:
                yield fresh
            if is_last:
                break
        if pages == 1 or found == before:
            return
        before = found
    raise IncompleteFetch("the pages change faster than they can be read; try again later")


def ascending_pages(
    fetch: Callable[[int, str | None], Page],
    start: int,
    key: KeyOf,
    stamp: Callable[[Row], int],
    ahead: Callable[[int], None] = _nothing,
) -> Iterator[list[Row]]:
    """Rows ordered by a stamp that only grows (amoCRM's ``updated_at``), each row once.

    ``fetch(since, None)`` is the first page of the rows stamped ``since`` or later. After each
    page reading starts anew from the last stamp, so a row that is changed meanwhile and leaves
    its place pulls no unread row over a page's edge. Links are followed only inside one stamp's
    cluster larger than a page, and throughout when the server does not honour bound or order;
    what is read so is read until it has settled. ``ahead`` is told where reading goes on, before a
    page's rows are looked at.
    """
    seen: set[Hashable] = set()
    ascent = _Ascent(stamp, ahead, following=start)
    while ascent.following is not None:
        since = ascent.following
        ascent.begin_at(since)
        yield from settled_pages(partial(fetch, since), key, seen, ascent.goes_on_from)


@dataclass(slots=True)
class _Ascent:
    """How far an ordered feed is read; ``following`` is the stamp to read on from, None at its end.

    A server that once ignores bound or order is not trusted with them again.
    """

    stamp: Callable[[Row], int]
    ahead: Callable[[int], None]
    following: int | None
    since: int = 0
    is_trusted: bool = True
    pages: int = 0

    def begin_at(self, since: int) -> None:
        self.since, self.following, self.pages = since, None, 0

    def goes_on_from(self, page: Page) -> bool:
        """Whether what is behind the page can be read from its last row's stamp on."""
        self.pages += 1
        stamps = [self.stamp(row) for row in page.rows]
        is_honoured = stamps == sorted(stamps) and (not stamps or stamps[0] >= self.since)
        self.is_trusted = self.is_trusted and is_honoured
        goes_on = bool(page.next and self.is_trusted and stamps and stamps[-1] > self.since)
        self.following = stamps[-1] if goes_on else None
        # Behind several pages they are read again first, until they have settled.
        if self.following is not None and self.pages == 1:
            self.ahead(self.following)
        return goes_on


def walked_pages(fetch: Callable[[str | None], Page], start: str | None = None) -> Iterator[Page]:
    """Pages by what each says of the next one, from ``start`` on, until one says nothing."""
    visited: set[str] = set()
    page = fetch(start)
    yield page
    while page.next:
        if page.next in visited or len(visited) >= MOST_PAGES:
            raise IncompleteFetch("the pages go in circles: one came twice; try again")
        visited.add(page.next)
        page = fetch(page.next)
        yield page


@dataclass(slots=True)
class LargestPage:
    """The most rows one answer of a server has held; a server may hold fewer than asked for."""

    rows: int = 2


@dataclass(frozen=True, slots=True)
class BackwardPages:
    """A feed read back in time (Radist messages): at most ``limit`` rows up to a moment.

    ``fetch(until)`` gives the newest rows up to ``until``, in any order; whether ``until`` itself
    counts does not matter: the bound sent lies just past the oldest row read, so that row must
    come again. It proves that the two pages touch. ``key`` and ``time_of`` (aware UTC) read a
    row that ``is_datable``; others fill a page like any row and are left out of what is read.
    ``largest`` is shared by the feeds of one server and tells a last page from a cut one.
    """

    fetch: Callable[[datetime], Sequence[Row]]
    key: KeyOf
    time_of: Callable[[Row], datetime]
    limit: int
    largest: LargestPage = field(default_factory=LargestPage)
    is_datable: Callable[[Row], bool] = lambda _: True

    def read(self, since: datetime, until: datetime) -> Iterator[list[Row]]:
        """Pages of the rows in ``[since, until)``, newest page first, each row once.

        Raises IncompleteFetch when more rows share one moment than a page holds, or when two
        pages do not touch.
        """
        seen: set[Hashable] = set()
        bound, edge, steps = until, None, iter(_STEPS)
        while True:
            answered = self.fetch(bound)
            page = [row for row in answered if self.is_datable(row)]
            if edge is not None and self.key(edge) not in {self.key(row) for row in page}:
                raise IncompleteFetch("two pages of messages do not touch; try again")
            fresh = _unseen(page, self.key, seen)
            # Yielded also when empty: the caller counts pages.
            yield [row for row in fresh if since <= self.time_of(row) < until]
            if self._is_last(len(answered), page, since, bool(fresh)):
                return
            if fresh:
                steps, edge = iter(_STEPS), min(page, key=self.time_of)
            step = next(steps, None)
            if edge is None or step is None:
                raise IncompleteFetch(
                    "more messages share one moment than a page holds; they cannot be read whole"
                )
            bound = _just_after(self.time_of(edge), step)

    def _is_last(
        self, answered: int, page: Sequence[Row], since: datetime, has_fresh: bool
    ) -> bool:
        is_short = answered < min(self.largest.rows, self.limit)
        is_repeat = not has_fresh and answered < min(_SMALLEST_CUT, self.limit)
        self.largest.rows = max(self.largest.rows, answered)
        return is_short or is_repeat or any(self.time_of(row) < since for row in page)


def _just_after(moment: datetime, step: timedelta) -> datetime:
    micros = step // timedelta(microseconds=1)
    return moment.replace(microsecond=moment.microsecond // micros * micros) + step


def _once(rows: Sequence[Row], key: KeyOf) -> list[Row]:
    return list({key(row): row for row in rows}.values())


def _unseen(rows: Sequence[Row], key: KeyOf, seen: set[Hashable]) -> list[Row]:
    fresh = []
    for row in rows:
        if key(row) not in seen:
            seen.add(key(row))
            fresh.append(row)
    return fresh
