"""Reading a paged feed to its end without losing a row when rows move between pages.

What lives here: paging by links as pure generators over a fetch function. What does not: paging
back in time (``backward_pages.py``); addresses, parameters and errors of a provider (its client).

A feed that cannot be read whole raises IncompleteFetch; nothing ends early in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from synkro_assets.domain.errors import IncompleteFetch

Row = dict[str, Any]
KeyOf = Callable[[Row], Hashable]

# No account has this many pages; a feed that passes it is going in circles.
MOST_PAGES = 20_000
_MOST_REREADS = 20


def _nothing(_: Any) -> None:
    """Nobody reads ahead."""


@dataclass(frozen=True, slots=True)
class Page:
    """Rows and where the next page is: a link, a cursor, or None at the end."""

    rows: Sequence[Row]
    next: str | None = None


def linked_pages(fetch: Callable[[str | None], Page], key: KeyOf) -> Iterator[list[Row]]:
    """Pages by their next link (amoCRM), each row once; ``fetch(None)`` is the first page.

    Only the absence of a next link ends the feed: a page may be short or empty and not be the
    last. Rows that leave a page already read pull unread ones over the edge; feeds whose rows can
    do that are read with ``ascending_pages`` or ``settled_pages``.
    """
    seen: set[Hashable] = set()
    for page in walked_pages(fetch):
        fresh = unseen(page.rows, key, seen)
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
            fresh = unseen(page.rows, key, seen)
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


def unseen(rows: Sequence[Row], key: KeyOf, seen: set[Hashable]) -> list[Row]:
    """The rows whose key was not seen, which it is from then on."""
    fresh = []
    for row in rows:
        if key(row) not in seen:
            seen.add(key(row))
            fresh.append(row)
    return fresh
