"""A day of Radist that a limit of the tenant's cut: what is known of it, and what is left to read.

What lives here: where one run's reading ends and the next one's goes on. Reading is
``ingestion/radist.py``.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from synkro_assets.assets.raw_specs import DayShare
from synkro_assets.domain.errors import IncompleteFetch
from synkro_assets.domain.source_days import Cut
from synkro_assets.domain.tenant import RuntimeConfig
from synkro_assets.ingestion.days import Windows
from synkro_assets.ingestion.radist import NOTHING_BEFORE, Before, RadistDay, unfinished_rows
from synkro_assets.ingestion.radist_feed import FeedPlace, ParseTime
from synkro_assets.operations.tenant_run import TenantRun
from synkro_assets.storage.source_days import source_day
from synkro_assets.storage.stored_feeds import chats_stored_since
from synkro_assets.storage.unfinished_dialogs import Parts


def stored_before(run: TenantRun, windows: Windows) -> Before:
    """What is known of a day; nothing of several days together, nor of one that is still open."""
    if len(windows) > 1:
        return NOTHING_BEFORE
    tenant_id = run.tenant.tenant_id
    (day,) = windows
    with run.transaction() as connection:
        stored = source_day(connection, tenant_id, day, "radist")
        end = run.plan(day).window.end
        spoke = frozenset(chats_stored_since(connection, tenant_id, day, end))
    if stored is None or stored.data_as_of < end:
        return Before(spoke)
    place = stored.place or {}
    reached = {
        int(chat_id): datetime.fromisoformat(at) for chat_id, at in place.get("reached", {}).items()
    }
    feed = FeedPlace.stored(place.get("feed"))
    return Before(spoke, frozenset(place.get("silent", [])), reached, feed, not stored.cuts)


def require_whole(fetched: RadistDay, days: int) -> None:
    """Raise IncompleteFetch for several days that met a limit: each is then read by itself."""
    if fetched.unread and days > 1:
        limit = next(iter(fetched.unread))
        raise IncompleteFetch(f"Radist has more of these {days} days than {limit} lets be read")


def remainder(
    reading: DayShare,
    fetched: RadistDay,
    before: Before,
    config: RuntimeConfig,
    parse_time: ParseTime,
) -> DayShare:
    """A reading of a day with what it left unread; the chats it did not read stay as stored."""
    not_seen = before.known - fetched.chats.keys() - fetched.silent
    is_continued = bool(not_seen or before.reached)
    if not fetched.unread and not is_continued:
        place = _place(fetched, before) if before.silent else None
        return replace(reading, place=place, parts=Parts())
    read = len(before.spoke | set(fetched.chats))
    cuts = tuple(
        Cut(limit, getattr(config, limit), "dialogs", read, left)
        for limit, left in fetched.unread.items()
    )
    parts = Parts(
        unfinished_rows(fetched, parse_time),
        begun=sorted(fetched.unfinished.keys() - before.reached.keys()),
        finished=sorted(before.reached.keys() & fetched.chats.keys()),
    )
    return replace(
        reading,
        cuts=cuts,
        place=_place(fetched, before),
        chats=sorted(fetched.chats),
        continues=is_continued,
        parts=parts,
    )


def _place(fetched: RadistDay, before: Before) -> dict[str, Any]:
    place: dict[str, Any] = {"silent": sorted(before.silent | fetched.silent)}
    if fetched.unread:
        place["feed"] = fetched.feed.to_store()
    if fetched.reached:
        place["reached"] = {str(each): at.isoformat() for each, at in fetched.reached.items()}
    return place
