"""When the next request to an account may leave: the arithmetic of its pace.

What lives here: pure functions of one account's state and the time, in seconds since 1970. What
does not: keeping the state across processes and waiting (``storage/request_slots``).

The state remembers the last grants. In any window as long as ``_MARGIN`` divided by the share there
are no more grants than the provider allows in a second. After a stall what was missed is caught up
at most at twice the pace, and at a rate too high for all grants of a second to be remembered not at
all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

# Between grant and arrival lie a wake-up and a way through the network, and they are not equally
# long each time; the margin absorbs the difference. 3 % is 30 ms in a second's window, and leaves
# 2 % of the 5 % that a full sync may take longer than its requests need.
_MARGIN = 1.03

# More grants need not be remembered for a rate that no provider names: those go evenly.
_MOST_REMEMBERED = 20

# A request may leave so much later than the moment it was granted, or several be granted that lie
# so near: half of what the margin absorbs in a second, the other half is the network's.
SOON = 0.015

# From half the rate to the whole one in a minute; a shorter way back would meet the same limit.
_RECOVERY_PER_SECOND = 1 / 120
_SMALLEST_SHARE = 0.125


@dataclass(frozen=True, slots=True)
class Pace:
    """What is known of an account's bucket.

    ``recent`` are the last grants in order; of the rate ``share`` may be used as of ``share_at``;
    before ``paused_until`` nothing is granted.
    """

    recent: tuple[float, ...] = ()
    share: float = 1.0
    share_at: float = 0.0
    paused_until: float = 0.0

    def share_now(self, now: float) -> float:
        """The share of the rate in use, grown back since the last refusal."""
        return min(1.0, self.share + max(0.0, now - self.share_at) * _RECOVERY_PER_SECOND)


def granted(pace: Pace, now: float, per_second: float) -> tuple[Pace, float]:
    """The state after one more grant, and the moment from which that request may leave."""
    count, window = _window(pace, now, per_second)
    # With one request in a window its length is the distance; else half of an even one.
    is_even = count == 1 or per_second > _MOST_REMEMBERED
    closest = window / count / (1 if is_even else 2)
    at = max(now, pace.paused_until)
    if pace.recent:
        at = max(at, pace.recent[-1] + closest)
    if len(pace.recent) >= count:
        at = max(at, pace.recent[-count] + window)
    return replace(pace, recent=(*pace.recent, at)[-_MOST_REMEMBERED:]), at


def granted_ahead(pace: Pace, now: float, per_second: float) -> tuple[Pace, list[float]]:
    """``granted``, with the moments that follow it, as far as they are ``SOON``.

    Each is for one request, which leaves between it and ``SOON`` after it.
    """
    pace, at = granted(pace, now, per_second)
    moments = [at]
    while len(moments) < _MOST_REMEMBERED:
        following, at = granted(pace, now, per_second)
        if at > now + SOON:
            break
        pace = following
        moments.append(at)
    return pace, moments


def granted_together(
    paces: Mapping[str, Pace], now: float, rates: Mapping[str, float]
) -> tuple[dict[str, Pace], float]:
    """``granted`` for a request that goes through several buckets: one moment that suits them all.

    One bucket after the other would let the wait for the second bring a request nearer to the next
    one in the first.
    """
    moments = [granted(pace, now, rates[bucket])[1] for bucket, pace in paces.items()]
    at = max(moments, default=now)
    return {bucket: granted(pace, at, rates[bucket])[0] for bucket, pace in paces.items()}, at


def departing(pace: Pace, at: float, now: float, per_second: float) -> float:
    """The moment, not before ``now``, at which the request granted for ``at`` may really leave.

    Whoever was granted an earlier moment may have left later than that, and too near to this one.
    """
    count, window = _window(pace, now, per_second)
    gone = [each for each in _others(pace, at) if each <= now]
    return max(now, gone[-count] + window) if len(gone) >= count else now


def left_late(pace: Pace, at: float, late: float) -> Pace:
    """The state when the request granted for ``at`` left ``late`` seconds after it."""
    if at not in pace.recent:
        return pace
    return replace(pace, recent=tuple(sorted((*_others(pace, at), at + late))))


def refused(pace: Pace, now: float, pause: float) -> Pace:
    """The state after a refusal for speed: nothing for ``pause`` seconds, then half the rate.

    Requests that were refused together are one breach, so the share is halved once for all.
    """
    until = now + pause
    is_same_breach = pace.share_at > now
    share = pace.share if is_same_breach else max(_SMALLEST_SHARE, pace.share_now(now) / 2)
    return replace(
        pace,
        share=share,
        share_at=max(pace.share_at, until),
        paused_until=max(pace.paused_until, until),
    )


def _others(pace: Pace, at: float) -> list[float]:
    """The grants but this one; another may be for the same moment."""
    others = list(pace.recent)
    if at in others:
        others.remove(at)
    return others


def _window(pace: Pace, now: float, per_second: float) -> tuple[int, float]:
    """How many requests may leave in a window of how many seconds."""
    count = max(1, min(int(per_second), _MOST_REMEMBERED))
    return count, _MARGIN * count / per_second / pace.share_now(now)
