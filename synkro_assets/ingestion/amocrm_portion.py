"""The leads of a day that one run reads, and where the next run goes on.

What lives here: taking whole leads up to a tenant's limits. Asking for what belongs to them, and
making rows of it, is ``amocrm.py``.

The leads of a day are read in three lists: updated in it and deleted in it, both by the time of the
change, and those its events name, by id. A lead is whole with all its contacts; one that has more
of them than a run may read has them read ahead, and is taken by the run that reads the last.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from synkro_assets.domain.business_day import Window
from synkro_assets.ingestion.amocrm_links import Payload, contact_ids
from synkro_assets.ingestion.packing import RecordsById


class Leads(Protocol):
    """What this stage asks of a client; both lists of a window come oldest change first."""

    def leads_updated(self, start: datetime, end: datetime) -> Iterable[Payload]: ...
    def deleted_leads(self, start: datetime, end: datetime) -> Iterable[Payload]: ...
    def leads_by_id(self, ids: Iterable[int]) -> Iterable[Payload]: ...


@dataclass(frozen=True, slots=True)
class Limits:
    """How many leads, deleted ones among them, and contacts of theirs one run may read."""

    leads: int = sys.maxsize
    contacts: int = sys.maxsize


def _whole(lead: Payload) -> Payload:
    return lead


_SETS = ("leads", "gone", "contacts", "owed")


@dataclass(frozen=True, slots=True)
class Place:
    """How far the reading of a day has come.

    ``updated_at`` and ``deleted_at`` are the last change read of either list, in unix seconds; more
    leads of that second may follow. ``leads`` are whole, ``gone`` are deleted or nowhere to be
    found, ``contacts`` were read ahead, ``owed`` are former contacts of whole leads that are still
    to be asked for.
    """

    updated_at: int | None = None
    deleted_at: int | None = None
    leads: frozenset[int] = frozenset()
    gone: frozenset[int] = frozenset()
    contacts: frozenset[int] = frozenset()
    owed: frozenset[int] = frozenset()

    @classmethod
    def stored(cls, place: dict[str, Any] | None) -> Place:
        """A place as it was stored; the beginning where none is."""
        if not place:
            return cls()
        sets = {name: frozenset(place.get(name, ())) for name in _SETS}
        return cls(place["updated_at"], place["deleted_at"], **sets)

    def to_store(self) -> dict[str, Any]:
        return {
            "updated_at": self.updated_at,
            "deleted_at": self.deleted_at,
            **{name: sorted(getattr(self, name)) for name in _SETS},
        }


@dataclass(slots=True)
class Portion:
    """What one run reads: whole leads, deleted ones, and the ids of the contacts to be read.

    ``met`` is the tenant's setting that ended it, ``left`` how many leads are then unread: None
    where amoCRM does not tell. ``keep`` is given each lead that is taken and answers what is held
    of it; its contacts are in ``linked``.
    """

    limits: Limits = Limits()
    before: Place = Place()
    leads: RecordsById = field(default_factory=dict[int, Payload])
    deleted: RecordsById = field(default_factory=dict[int, Payload])
    contacts: set[int] = field(default_factory=set)
    met: str | None = None
    left: int | None = None
    keep: Callable[[Payload], Payload] = _whole
    keep_deleted: Callable[[Payload], Payload] = _whole
    linked: dict[int, tuple[int, ...]] = field(default_factory=dict)
    _missing: set[int] = field(default_factory=set)
    _ahead: Set[int] = frozenset()
    _owed: Set[int] = frozenset()
    _updated_at: int | None = None
    _deleted_at: int | None = None

    @property
    def place(self) -> Place:
        """Where the next run goes on."""
        return Place(
            self._updated_at,
            self._deleted_at,
            self.before.leads | self.leads.keys(),
            self.before.gone | self.deleted.keys() | self._missing,
            frozenset(self._ahead),
            frozenset(self._owed),
        )

    def read_changed(self, client: Leads, window: Window) -> None:
        """Read up to the limits what is left of the leads updated and deleted."""
        before = self.before
        updated = client.leads_updated(_since(window, before.updated_at), window.end)
        self._updated_at, is_read = self._follow(updated, before.leads, before.updated_at)
        if not is_read:
            return
        deleted = client.deleted_leads(_since(window, before.deleted_at), window.end)
        self._deleted_at, _ = self._follow(
            deleted, before.gone, before.deleted_at, self._take_deleted
        )

    def read_named(self, client: Leads, named: Set[int]) -> None:
        """Read up to the limits what else its events name; nothing if one has been met already."""
        if self.met is not None:
            return
        unread = sorted(named - self.place.leads - self.place.gone)
        asked = unread[: self._room]
        self._missing, is_taken = set(asked), True
        for lead in client.leads_by_id(asked):
            self._missing.discard(int(lead["id"]))
            is_taken = is_taken and self._take(lead)
        if is_taken and len(asked) < len(unread):
            self.met = "max_amo_leads"
        if self.met:
            self.left = len(set(unread) - self._missing - self.leads.keys())

    def ask_also(self, former: Set[int]) -> None:
        """Ask for former contacts too, and those owed, as far as there is room; owe the rest."""
        room = max(self.limits.contacts - len(self.contacts), 0)
        due = sorted((former | self.before.owed) - self.contacts)
        self.contacts.update(due[:room])
        self._owed = frozenset(due[room:])
        if self._owed and self.met is None:
            self.met, self.left = "max_amo_contacts", 0

    def _follow(
        self,
        leads: Iterable[Payload],
        known: Set[int],
        since: int | None,
        take: Callable[[Payload], bool] | None = None,
    ) -> tuple[int | None, bool]:
        """Take what is not known; the last change taken, and whether the list came to its end."""
        take, at, is_ordered = take or self._take, since, True
        for lead in leads:
            if int(lead["id"]) not in known and not take(lead):
                return (at if is_ordered else None), False
            changed_at = int(lead["updated_at"])
            # A list in another order than asked is read from its beginning again.
            is_ordered = is_ordered and (at is None or changed_at >= at)
            at = changed_at
        return (at if is_ordered else None), True

    @property
    def _room(self) -> int:
        return self.limits.leads - len(self.leads) - len(self.deleted)

    def _take(self, lead: Payload) -> bool:
        """Take a lead; False where a limit leaves it to a later run."""
        lead_id, linked = int(lead["id"]), contact_ids(lead)
        if lead_id not in self.leads and self._room <= 0:
            self.met = "max_amo_leads"
            return False
        unread = sorted(linked - self.contacts - self.before.contacts)
        room = self.limits.contacts - len(self.contacts)
        self.contacts.update(unread[:room])
        if len(unread) > room:
            self.met = "max_amo_contacts"
            self._ahead = linked & (self.contacts | self.before.contacts)
            return False
        self.leads[lead_id] = self.keep(lead)
        self.linked[lead_id] = tuple(linked)
        return True

    def _take_deleted(self, lead: Payload) -> bool:
        if self._room <= 0:
            self.met = "max_amo_leads"
            return False
        self.deleted[int(lead["id"])] = self.keep_deleted(lead)
        return True


def _since(window: Window, seconds: int | None) -> datetime:
    return window.start if seconds is None else datetime.fromtimestamp(seconds, UTC)
