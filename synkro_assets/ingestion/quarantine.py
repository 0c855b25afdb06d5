"""The records of a fetch that cannot be used, by the day each belongs to.

What lives here: collecting them while a source is read and sharing them out. What makes a record
unusable is ``domain/soundness.py``, storing is ``storage/quarantine.py``.
"""

from __future__ import annotations

from synkro_assets.domain.business_day import BusinessDay
from synkro_assets.domain.soundness import PoisonRecord
from synkro_assets.ingestion.days import Windows, span


class Quarantine:
    """What one fetch set aside, each record once: pages overlap and feeds are read again."""

    def __init__(self) -> None:
        self._records: dict[tuple[str, str, str], PoisonRecord] = {}

    def __call__(self, poison: PoisonRecord) -> None:
        known_by = poison.provider_id or poison.as_text()
        self._records[poison.entity, known_by, poison.reason] = poison

    def ids_of(self, entity: str) -> frozenset[int] | None:
        """The ids of the records of an entity; None when one of them cannot be told."""
        ids = [poison.provider_id for poison in self._records.values() if poison.entity == entity]
        if not all(each and each.isdecimal() for each in ids):
            return None
        return frozenset(int(each) for each in ids if each)

    def by_day(self, windows: Windows) -> dict[BusinessDay, list[PoisonRecord]]:
        """Each record on the day it is of; the first one takes those whose day cannot be told.

        What was last touched before the range is no business of it.
        """
        first, start = min(windows), span(windows).start
        shared: dict[BusinessDay, list[PoisonRecord]] = {day: [] for day in windows}
        for poison in self._records.values():
            if poison.at is not None and poison.at < start:
                continue
            days = [day for day, window in windows.items() if poison.at and poison.at in window]
            shared[days[0] if days else first].append(poison)
        return shared
