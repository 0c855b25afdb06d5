"""The virtual clock that every simulated provider reads.

Lives here: what time the providers believe it is. Not here: rate limits and handler durations,
which always run on the real monotonic clock (``limits``, ``log``).
"""

import time
from datetime import UTC, datetime, timedelta


def parse_instant(text: str) -> datetime:
    """An aware UTC instant from ISO 8601 text; a missing zone means UTC."""
    cleaned = text.strip().replace("Z", "+00:00").replace("z", "+00:00")
    if " " in cleaned[11:]:  # a plus sign that a query string turned into a space
        cleaned = cleaned[:11] + cleaned[11:].replace(" ", "+")
    moment = datetime.fromisoformat(cleaned)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC)


class VirtualClock:
    """Real time until somebody sets it; then it runs from there at ``rate``."""

    def __init__(self) -> None:
        self._anchor: datetime | None = None
        self._set_at = 0.0
        self.rate = 1.0

    def set(self, now: datetime | None, rate: float = 1.0) -> None:
        """Start from ``now``; ``None`` goes back to real time."""
        self._anchor = now
        self._set_at = time.monotonic()
        self.rate = rate if now is not None else 1.0

    def now(self) -> datetime:
        """The instant the providers believe in."""
        if self._anchor is None:
            return datetime.now(UTC)
        elapsed = (time.monotonic() - self._set_at) * self.rate
        return self._anchor + timedelta(seconds=elapsed)

    @property
    def is_virtual(self) -> bool:
        """Whether the time was set by somebody."""
        return self._anchor is not None
