"""A day of amoCRM that a limit of the tenant's cut: what is known of it, and what is left to read.

What lives here: where one run's reading ends and the next one's goes on. Reading is
``ingestion/amocrm_portion.py``.

A day that was read whole since it ended stays whole: a later run under a limit refreshes a portion
of it, and the one after that goes on from there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from synkro_assets.assets.raw_specs import DayShare
from synkro_assets.domain.errors import IncompleteFetch
from synkro_assets.domain.source_days import Cut
from synkro_assets.domain.tenant import RuntimeConfig
from synkro_assets.ingestion.amocrm import BEGINNING
from synkro_assets.ingestion.amocrm_portion import Limits, Place, Portion
from synkro_assets.ingestion.days import Windows
from synkro_assets.operations.tenant_run import TenantRun
from synkro_assets.storage.source_days import source_day


@dataclass(frozen=True, slots=True)
class Before:
    """How far a day was read since it ended, and whether it was once read whole."""

    place: Place = BEGINNING
    is_whole: bool = False


def limits_of(config: RuntimeConfig, days: int) -> Limits:
    """A tenant's limits are per day."""
    return Limits(config.max_amo_leads * days, config.max_amo_contacts * days)


def read_before(run: TenantRun, windows: Windows) -> Before:
    """What is known of a day; nothing of several days together, nor of one that is still open."""
    if len(windows) > 1:
        return Before()
    (day,) = windows
    with run.transaction() as connection:
        stored = source_day(connection, run.tenant.tenant_id, day, "amocrm")
    if stored is None or stored.data_as_of < run.plan(day).window.end:
        return Before()
    return Before(Place.stored(stored.place), is_whole=not stored.cuts)


def require_whole(portion: Portion, days: int) -> None:
    """Raise IncompleteFetch for several days that met a limit: each is then read by itself."""
    if portion.met and days > 1:
        raise IncompleteFetch(
            f"amoCRM has more of these {days} days than {portion.met} lets be read"
        )


def remainder(
    reading: DayShare, portion: Portion, before: Before, config: RuntimeConfig
) -> DayShare:
    """A reading with what it left unread and where the next one goes on."""
    reading = replace(reading, continues=before.place != BEGINNING)
    if portion.met is None:
        return reading
    place, cuts = portion.place, reading.cuts
    if not before.is_whole:
        value = getattr(config, portion.met)
        cuts = (Cut(portion.met, value, "leads", len(place.leads | place.gone), portion.left),)
    return replace(reading, cuts=cuts, place=place.to_store())
