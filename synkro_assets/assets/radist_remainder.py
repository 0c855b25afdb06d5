"""A day of Radist that a limit of the tenant's cut: what is known of it, and what is left to read.

What lives here: where one run's reading ends and the next one's goes on. Reading is
``ingestion/radist.py``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from synkro_assets.assets.raw_specs import DayShare
from synkro_assets.domain.errors import IncompleteFetch
from synkro_assets.domain.source_days import Cut
from synkro_assets.domain.tenant import RuntimeConfig
from synkro_assets.ingestion.days import Windows
from synkro_assets.ingestion.radist import RadistDay
from synkro_assets.operations.tenant_run import TenantRun
from synkro_assets.storage.source_days import source_day
from synkro_assets.storage.stored_feeds import chats_stored_since


@dataclass(frozen=True, slots=True)
class Before:
    """The chats of a day that were read since it ended: those that spoke in it, and the others."""

    spoke: frozenset[int] = frozenset()
    silent: frozenset[int] = frozenset()

    @property
    def known(self) -> frozenset[int]:
        return self.spoke | self.silent


def stored_before(run: TenantRun, windows: Windows) -> Before:
    """What is known of a day; nothing of several days together, nor of one that is still open."""
    if len(windows) > 1:
        return Before()
    tenant_id = run.tenant.tenant_id
    (day,) = windows
    with run.transaction() as connection:
        stored = source_day(connection, tenant_id, day, "radist")
        end = run.plan(day).window.end
        spoke = chats_stored_since(connection, tenant_id, day, end)
    silent = (stored.place or {}).get("silent", []) if stored and stored.data_as_of >= end else []
    return Before(frozenset(spoke), frozenset(silent))


def require_whole(fetched: RadistDay, days: int) -> None:
    """Raise IncompleteFetch for several days that met a limit: each is then read by itself."""
    if fetched.unread and days > 1:
        (limit,) = fetched.unread
        raise IncompleteFetch(f"Radist has more of these {days} days than {limit} lets be read")


def remainder(
    reading: DayShare, fetched: RadistDay, before: Before, config: RuntimeConfig
) -> DayShare:
    """A reading with what it left unread; where it met a limit, chats it did not read stay."""
    is_continued = bool(before.silent or before.spoke - set(fetched.chats))
    if not fetched.unread and not is_continued:
        return reading
    read = len(before.spoke | set(fetched.chats))
    cuts = tuple(
        Cut(limit, getattr(config, limit), "dialogs", read, left)
        for limit, left in fetched.unread.items()
    )
    place = {"silent": sorted(before.silent | fetched.silent)}
    return replace(reading, cuts=cuts, place=place, chats=sorted(fetched.chats))
