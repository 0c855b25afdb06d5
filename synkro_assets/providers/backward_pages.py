"""Reading a feed that only goes back in time, though its server does not say what a page holds.

What lives here: where the next page begins, what proves that two pages touch, and what proves the
end. What does not: other ways of paging (``pagination.py``); addresses, parameters and errors of a
provider (its client).

A server may hold fewer rows on a page than it is asked for, so that a short answer proves the end
only where a longer one was seen. A feed that cannot be read whole raises IncompleteFetch.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from synkro_assets.domain.errors import IncompleteFetch
from synkro_assets.providers.pagination import KeyOf, Row, unseen

# Clients of the live API step by a millisecond or a microsecond. The coarse step suits servers
# that cut the bound to milliseconds; the finer ones get past rows that crowd one millisecond.
_MILLISECOND, _MICROSECOND = timedelta(milliseconds=1), timedelta(microseconds=1)
_STEPS = (_MILLISECOND, _MICROSECOND, timedelta(0))
# Suits servers that cut the bound to seconds, and rows deleted between two answers.
_WIDE_STEP = timedelta(seconds=1)
# No known server cuts a page below this; one that does is believed once it is seen to.
_SMALLEST_CUT = 10
_CROWDED = "more messages share one moment than a page holds; they cannot be read whole"


@dataclass(slots=True)
class PageSize:
    """What one server's answers have told of how many rows its pages hold.

    ``shown`` is the most that an answer held, ``cut_at`` what a page holds once an answer was seen
    to leave rows out, ``trusted`` the most rows that were taken for all of a feed without proof.
    """

    shown: int = 1
    cut_at: int | None = None
    trusted: int = 0

    def is_short(self, answered: int, limit: int) -> bool:
        """Whether a page had room for more rows, so that there are no more."""
        is_short = answered < min(self.shown, limit)
        self.shown = max(self.shown, answered)
        return is_short

    def trust(self, answered: int) -> None:
        """Take an answer for all there is."""
        self.trusted = max(self.trusted, answered)
        self._require_trust()

    def note_cut(self, answered: int) -> None:
        """An answer left rows out."""
        self.cut_at = answered
        self._require_trust()

    def _require_trust(self) -> None:
        if self.cut_at is not None and self.cut_at <= self.trusted:
            raise IncompleteFetch(_CROWDED)


@dataclass(frozen=True, slots=True)
class _Answer:
    """How many rows came, and those of them that are datable."""

    count: int
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class BackwardPages:
    """A feed read back in time (Radist messages): at most ``limit`` rows up to a moment.

    ``fetch(until)`` gives the newest rows up to ``until``, in any order; neither whether ``until``
    itself counts matters nor whether it is cut to milliseconds or seconds: the bound sent lies just
    past the oldest row read, so that a row must come again. It proves that the two pages touch.
    ``key`` and ``time_of`` (aware UTC) read a row that ``is_datable``; others fill a page like any
    row and are left out of what is read. ``size`` is shared by the feeds of one server.
    """

    fetch: Callable[[datetime], Sequence[Row]]
    key: KeyOf
    time_of: Callable[[Row], datetime]
    limit: int
    size: PageSize = field(default_factory=PageSize)
    is_datable: Callable[[Row], bool] = lambda _: True

    def read(self, since: datetime, until: datetime) -> Iterator[list[Row]]:
        """Pages of the rows in ``[since, until)``, newest page first, each row once.

        Raises IncompleteFetch when more rows share one moment than a page may hold, or when two
        pages do not touch.
        """
        seen: set[Hashable] = set()
        answer = self._ask(_just_past(until - _MICROSECOND, _WIDE_STEP))
        while True:
            fresh = unseen(answer.rows, self.key, seen)
            # Yielded also when empty: the caller counts pages.
            yield [row for row in fresh if since <= self.time_of(row) < until]
            if self._is_last(answer, since, bool(fresh)):
                return
            if not fresh:
                raise IncompleteFetch(_CROWDED)
            answer = self._touching(answer, seen)

    def _ask(self, bound: datetime) -> _Answer:
        answered = self.fetch(bound)
        return _Answer(len(answered), [row for row in answered if self.is_datable(row)])

    def _touching(self, page: _Answer, seen: set[Hashable]) -> _Answer:
        """The answer that goes on from a page, and shows a row of those seen."""
        for bound in (self._next_bound(page.rows), _just_past(self._oldest(page.rows), _WIDE_STEP)):
            answer = self._ask(bound)
            known = [self.key(row) in seen for row in answer.rows]
            if not all(known):
                self.size.note_cut(page.count)
            if any(known):
                return answer
        raise IncompleteFetch("two pages of messages do not touch; try again")

    def _next_bound(self, page: Sequence[Row]) -> datetime:
        """Just past a page's oldest row, but before its newest: there is room for another then."""
        newest = max(map(self.time_of, page))
        for step in _STEPS:
            bound = _just_past(self._oldest(page), step)
            if bound < newest:
                return bound
        raise IncompleteFetch(_CROWDED)

    def _is_last(self, answer: _Answer, since: datetime, has_fresh: bool) -> bool:
        times = [self.time_of(row) for row in answer.rows]
        if self.size.is_short(answer.count, self.limit) or any(at < since for at in times):
            return True
        if not answer.rows and answer.count < self.limit:
            # Nothing of it tells where to go on from.
            self.size.trust(answer.count)
            return True
        # From such a page no bound leads on for sure.
        is_crowd = not has_fresh or max(times) <= _just_past(min(times), _MILLISECOND)
        is_small = answer.count < min(_SMALLEST_CUT, self.limit)
        return is_small and is_crowd and self._is_beginning(answer)

    def _is_beginning(self, crowd: _Answer) -> bool:
        """Whether a handful of rows that came together, and may fill a page, has none before it.

        That none of its own moment is missing cannot be known then, and is trusted.
        """
        if crowd.rows and self.fetch(self._oldest(crowd.rows) - _MICROSECOND):
            self.size.note_cut(crowd.count)
            return False
        self.size.trust(crowd.count)
        return True

    def _oldest(self, page: Sequence[Row]) -> datetime:
        return min(map(self.time_of, page))


def _just_past(moment: datetime, step: timedelta) -> datetime:
    """The next whole ``step`` after a moment; the moment itself where that is none."""
    if not step:
        return moment
    micros = step // _MICROSECOND
    return moment.replace(microsecond=moment.microsecond // micros * micros) + step
