"""Requests that open a connection of their own and arrive later for it than they were let go.

What lives here: which of a client's requests those are and how late each is reckoned to be. What
that means for the ones after it is ``domain/pacing``; letting go is ``request_slots``.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from synkro_assets.domain.pacing import Pace, left_late

# So much later at most, and before it is answered.
_CONNECTING = 0.1
# httpx lets go of a connection that nothing was asked by for so long (``Limits.keepalive_expiry``).
_KEPT_SECONDS = 5.0


@dataclass(slots=True)
class _Opening:
    """``since`` is when it was let go on the monotonic clock, ``at`` that moment in the account's
    time and the lateness that is ``counted`` in so far; ``late`` is all of it, once it has arrived.
    """

    since: float
    at: float
    counted: float = 0.0
    late: float | None = None

    def lateness(self) -> float:
        """How late it is by now, in seconds."""
        if self.late is not None:
            return self.late
        return min(_CONNECTING, max(0.0, time.monotonic() - self.since))


class LateOpenings:
    """Those of one client, whose threads have one request under way each."""

    def __init__(self) -> None:
        self._busy: set[int] = set()
        self._used: dict[int, float] = {}
        self._openings: dict[int, _Opening] = {}

    def __bool__(self) -> bool:
        return bool(self._openings)

    def departed(self, at: float, since: float) -> None:
        """The thread's request was let go, ``at`` in the account's time, ``since`` on the clock.

        It has a connection of its own if as many requests were under way a moment ago.
        """
        thread = threading.get_ident()
        self._busy.add(thread)
        beside = len(self._busy)
        if beside not in self._used or since - self._used[beside] >= _KEPT_SECONDS:
            self._openings[thread] = _Opening(since, at)
        self._used[beside] = since

    def arrived(self) -> None:
        """The thread's last request is there: it was answered, or the thread asks again."""
        thread = threading.get_ident()
        self._busy.discard(thread)
        if opening := self._openings.get(thread):
            opening.late = opening.lateness()

    def counted_in(self, paces: dict[str, Pace]) -> dict[str, Pace]:
        """The states with each request as late as it is by now."""
        for thread, opening in [*self._openings.items()]:
            late = opening.lateness()
            more = late - opening.counted
            paces = {name: left_late(pace, opening.at, more) for name, pace in paces.items()}
            opening.at, opening.counted = opening.at + more, late
            if opening.late is not None or late >= _CONNECTING:
                del self._openings[thread]
        return paces
