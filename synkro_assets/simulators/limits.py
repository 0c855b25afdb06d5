"""Request-rate limits, on the real monotonic clock; only how long a ban lasts is virtual time.

Lives here: the sliding window and token bucket, and the numbers each provider uses. Set them with
``POST /control/limits``. Not here: what a refusal looks like, which each provider decides.

Numbers: amocrm_per_second, amocrm_ban_after (breaches until every request answers 403; null never),
amocrm_ban_seconds (of the virtual clock until that ends; null never),
radist_per_second, radist_chats_per_second (paths chats/ and contacts/), telegram (on or off),
telegram_chat_per_second and telegram_chat_burst, telegram_group_per_minute, gemini_per_minute
(null for none), resend_per_second, enabled (all of them on or off). Any change forgets what was
counted before.
"""

import time
from collections import defaultdict, deque
from datetime import datetime, timedelta
from typing import Any

DEFAULTS: dict[str, Any] = {
    "enabled": True,
    "amocrm_per_second": 7,
    "amocrm_ban_after": 100,
    "amocrm_ban_seconds": None,
    "radist_per_second": 5,
    "radist_chats_per_second": 1,
    "telegram": True,
    "telegram_chat_per_second": 1.0,
    "telegram_chat_burst": 10,
    "telegram_group_per_minute": 20,
    "gemini_per_minute": None,
    "resend_per_second": 2,
}


class UnknownLimit(ValueError):
    """A name that no limit has."""


class SlidingWindow:
    """At most ``limit`` accepted requests in any window of ``seconds``, per key."""

    def __init__(self) -> None:
        self._accepted: dict[str, deque[float]] = defaultdict(deque)

    def admit(self, key: str, limit: float, seconds: float = 1.0) -> bool:
        """Count the request when it fits; a refused one is not counted."""
        now = time.monotonic()
        times = self._accepted[key]
        while times and times[0] <= now - seconds:
            times.popleft()
        if len(times) >= limit:
            return False
        times.append(now)
        return True

    def wait(self, key: str, seconds: float) -> float:
        """Seconds until the oldest counted request leaves the window."""
        times = self._accepted[key]
        return max(0.0, times[0] + seconds - time.monotonic()) if times else 0.0


class TokenBuckets:
    """A bucket per key: ``burst`` tokens at most, refilled at ``rate`` a second."""

    def __init__(self) -> None:
        self._levels: dict[str, tuple[float, float]] = {}

    def take(self, key: str, rate: float, burst: float) -> float:
        """Take a token and answer 0, or answer the seconds until there is one."""
        now = time.monotonic()
        level, at = self._levels.get(key, (burst, now))
        level = min(burst, level + (now - at) * rate)
        if level < 1:
            self._levels[key] = (level, now)
            return (1 - level) / rate if rate > 0 else 3600.0
        self._levels[key] = (level - 1, now)
        return 0.0


class Limits:
    """The numbers and what has been counted against them."""

    def __init__(self) -> None:
        self._values = dict(DEFAULTS)
        self._forget()

    def _forget(self) -> None:
        self.windows = SlidingWindow()
        self.buckets = TokenBuckets()
        self.breaches: dict[str, int] = defaultdict(int)
        self.banned_since: dict[str, datetime] = {}

    def is_banned(self, account: str, now: datetime) -> bool:
        """Whether amoCRM's account was too fast too often and has not been let in again since."""
        after, seconds = self["amocrm_ban_after"], self["amocrm_ban_seconds"]
        if not self["enabled"] or after is None or self.breaches[account] < after:
            return False
        since = self.banned_since.setdefault(account, now)
        if seconds is None or now < since + timedelta(seconds=seconds):
            return True
        del self.banned_since[account], self.breaches[account]
        return False

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def update(self, values: dict[str, Any]) -> None:
        """Set several at once and start counting afresh; an unknown name raises."""
        unknown = sorted(set(values) - set(DEFAULTS))
        if unknown:
            raise UnknownLimit(f"no such limit: {', '.join(unknown)}")
        self._values.update(values)
        self._forget()

    def reset(self) -> None:
        """Every limit back to its default, nothing counted."""
        self._values = dict(DEFAULTS)
        self._forget()

    def as_dict(self) -> dict[str, Any]:
        """A copy for the control interface."""
        return dict(self._values)
