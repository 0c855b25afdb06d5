"""What amoCRM answered as rows of the ``raw.amocrm_*`` tables.

What lives here: making rows, of a whole day or of some records as they come. Reading a day is
``amocrm.py``, storing is ``storage/raw_loading.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Set
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, NamedTuple

from synkro_assets.ingestion.amocrm_contacts import sightings
from synkro_assets.ingestion.amocrm_links import contact_links
from synkro_assets.ingestion.contact_channels import Channel, channels_of
from synkro_assets.ingestion.packing import Put

Payload = dict[str, Any]
Rows = dict[str, list[tuple[Any, ...]]]
"""Rows by the name of their table."""

# A page of leads; of events it is two and a half.
_PIECE = 250


def event_rows(events: Iterable[Payload]) -> Rows:
    return {"amocrm_events": [_event_row(event) for event in events]}


def lead_rows(leads: Iterable[Payload]) -> Rows:
    """Leads outside the trash and the contacts they are linked to."""
    rows, links = [], []
    for lead in leads:
        rows.append(_lead_row(lead, is_deleted=bool(lead.get("is_deleted"))))
        lead_id = int(lead["id"])
        for link in contact_links(lead):
            links.append((lead_id, int(link["id"]), bool(link.get("is_main")), link))
    return {"amocrm_leads": rows, "amocrm_lead_contacts": links}


def deleted_lead_rows(leads: Iterable[Payload]) -> Rows:
    return {"amocrm_leads": [_lead_row(lead, is_deleted=True) for lead in leads]}


def contact_rows(contacts: Iterable[Payload], region: str) -> Rows:
    """Contacts with their phones and e-mails; ``region`` is what numbers without a code are of."""
    rows, channels = [], []
    for contact in contacts:
        of_contact = channels_of(contact, region)
        contact_id, updated_at = int(contact["id"]), _instant(contact["updated_at"])
        rows.append((contact_id, updated_at, _phones(of_contact), contact))
        for each in of_contact:
            channels.append((
                contact_id, updated_at, each.kind, each.position, each.as_written, each.normal,
                each.enum_code, each.payload,
            ))  # fmt: skip
    return {"amocrm_contacts": rows, "amocrm_contact_channels": channels}


def sighting_rows(
    wanted: Set[int], shown: Iterable[Payload], unusable: Collection[int] | None
) -> Rows:
    """Whether each contact that was ``wanted`` is there (``sightings``)."""
    seen = sightings(wanted, shown, unusable)
    return {"amocrm_contact_sightings": [(*each, {}) for each in seen]}


def entity_id(event: Payload) -> int:
    """The lead that an event is of."""
    return int(event["entity_id"])


@dataclass(frozen=True, slots=True)
class Early:
    """Rows that are stored while the rest of the day is read; nowhere without ``put``.

    ``unusable`` tells the contacts that were set aside, once all were read.
    """

    put: Put | None = None
    region: str = ""
    unusable: Callable[[], Collection[int] | None] = frozenset

    def sightings(self, wanted: Set[int], shown: Iterable[Payload]) -> None:
        """All contacts were read: which of them are there."""
        if self.put is not None:
            self.put(partial(sighting_rows, wanted, shown, self.unusable()))

    def pieces(self) -> Entities:
        """The ways of the entities that come early."""
        of_region = partial(contact_rows, region=self.region)
        kinds = (event_rows, lead_rows, deleted_lead_rows, of_region)
        return Entities(*(Pieces(self.put, rows_of) for rows_of in kinds))


class Pieces:
    """Records of one kind on their way to be stored, some hundred at a time."""

    def __init__(self, put: Put | None, rows_of: Callable[[Iterable[Payload]], Rows]) -> None:
        self._put, self._rows_of = put, rows_of
        self._waiting: list[Payload] = []

    def add(self, record: Payload) -> None:
        if self._put is not None:
            self._waiting.append(record)
            if len(self._waiting) >= _PIECE:
                self.end()

    def end(self) -> None:
        """Hand on what has not made a whole piece."""
        if self._put is not None and self._waiting:
            self._put(partial(self._rows_of, self._waiting))
            self._waiting = []


class Entities(NamedTuple):
    """Each entity's way to be stored."""

    events: Pieces
    leads: Pieces
    deleted_leads: Pieces
    contacts: Pieces


def _event_row(event: Payload) -> tuple[Any, ...]:
    created_at = _instant(event["created_at"])
    entity_type = str(event.get("entity_type") or "")
    return (str(event["id"]), str(event["type"]), entity_type, entity_id(event), created_at, event)


def _lead_row(lead: Payload, *, is_deleted: bool) -> tuple[Any, ...]:
    return (int(lead["id"]), _instant(lead["updated_at"]), is_deleted, lead)


def _phones(channels: Iterable[Channel]) -> list[str]:
    normal = (each.normal for each in channels if each.kind == "phone" and each.normal)
    return list(dict.fromkeys(normal))


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)
