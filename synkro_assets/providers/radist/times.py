"""How Radist writes times, and how they are sent to it.

What lives here: the two directions between its ISO 8601 texts and aware UTC. What does not:
windows of business days (``domain/business_day``).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache

from synkro_assets.domain.errors import ProviderUnavailable
from synkro_assets.domain.soundness import is_sane
from synkro_assets.providers.radist.errors import PROVIDER

_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d+))?\s*(Z|z|[+-]\d\d(?::?\d\d)?)?"
)


def parse_time(text: object) -> datetime:
    """Aware UTC of ``Z``, an offset or no zone (then UTC), with a fraction of any length.

    Digits beyond microseconds are cut off. ProviderUnavailable when it is not a time.
    """
    moment = _parsed(text) if isinstance(text, str) else None
    if moment is None:
        raise ProviderUnavailable(PROVIDER, f"{PROVIDER} answered with a time that cannot be read")
    return moment


# A message's time is asked for half a dozen times while its chat is read.
@lru_cache(maxsize=2048)
def _parsed(text: str) -> datetime | None:
    found = _TIME.fullmatch(text.strip())
    if found is None:
        return None
    day, clock, fraction, zone = found.groups()
    micro = (fraction or "")[:6].ljust(6, "0")
    offset = "+00:00" if zone in (None, "Z", "z") else zone
    try:
        return datetime.fromisoformat(f"{day}T{clock}.{micro}{offset}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def moment_of(text: object) -> datetime | None:
    """The same; None for what is no time or an absurd one."""
    try:
        moment = parse_time(text)
    except ProviderUnavailable:
        return None
    return moment if is_sane(moment) else None


def format_time(moment: datetime) -> str:
    """``moment`` (aware) as UTC with microseconds and ``Z``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
