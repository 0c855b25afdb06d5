"""One tenant-day of amoCRM: what happened, the leads it happened to, and their contacts.

What lives here: which answers make a day and how they become raw rows. Asking is
``providers/amocrm``, how much of a day one run reads is ``amocrm_portion.py``, loading is
``storage/raw_rows.py``.

The leads of a day are those its events name, those updated in it and those deleted in it: amoCRM's
``updated_at`` filter alone cannot reproduce the past, because a lead changed again tomorrow leaves
today's window. What no event tells is lost to a day that is read late: a lead that was only edited
on it and changed again since is of the later day alone, and price, responsible user, links and
phones that changed again are known as they are now. Creation, stage and trash have events.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain
from typing import Any, Protocol

from synkro_assets.domain.business_day import Window
from synkro_assets.ingestion.amocrm_contacts import (
    ByLead,
    LinkedBefore,
    all_of,
    contacts_to_ask,
    sightings,
)
from synkro_assets.ingestion.amocrm_links import contact_links
from synkro_assets.ingestion.amocrm_portion import Leads, Limits, Place, Portion
from synkro_assets.ingestion.amocrm_references import HeldReferences, are_lists_due
from synkro_assets.ingestion.contact_channels import Channel, channels_of
from synkro_assets.ingestion.packing import AS_READ, Holding, Records

Payload = dict[str, Any]
Rows = dict[str, list[tuple[Any, ...]]]

UNLIMITED, BEGINNING = Limits(), Place()
EVENT_TYPES = ("lead_added", "lead_status_changed", "lead_deleted", "lead_restored")


class AmoCrm(Leads, Protocol):
    """What this stage asks of a client, and how many requests that took so far."""

    @property
    def asked(self) -> int: ...
    def account(self) -> Payload: ...
    def users(self) -> Iterable[Payload]: ...
    def pipelines(self) -> Iterable[Payload]: ...
    def loss_reasons(self) -> Iterable[Payload]: ...
    def events(
        self, start: datetime, end: datetime, types: tuple[str, ...]
    ) -> Iterable[Payload]: ...
    def contacts_by_id(self, ids: Iterable[int]) -> Iterable[Payload]: ...


@dataclass(frozen=True, slots=True)
class AmoCrmDay:
    """Everything amoCRM answered about a day; no account and lists where stored ones do.

    ``portion`` tells what a limit left of its leads; the events are always all of them.
    ``asked_contacts`` are those of its leads that were asked for by id; those of a lead that is
    not whole yet, and those owed, are in ``portion.contacts`` only.
    """

    account: Payload | None
    users: list[Payload]
    pipelines: list[Payload]
    loss_reasons: list[Payload]
    events: Records
    leads: Records
    deleted_leads: Records
    contacts: Records
    portion: Portion = field(default_factory=Portion)
    asked_contacts: ByLead = field(default_factory=dict)


def fetch_day(
    client: AmoCrm,
    window: Window,
    on_progress: Callable[[str], None] = lambda _: None,
    held: HeldReferences | None = None,
    limits: Limits = UNLIMITED,
    before: Place = BEGINNING,
    linked_before: LinkedBefore = lambda _: {},
    holding: Holding = AS_READ,
) -> AmoCrmDay:
    """Read a day's window; raises ProviderError or IncompleteFetch, never returns half a lead.

    ``held`` are the stored lists; ``amocrm_references`` says when they are good enough. Of the
    leads what is left ``before`` is read. The contacts ``linked_before`` are asked for too, as one
    that was deleted is linked no more.
    """
    on_progress("amoCRM: events of the day")
    events = holding.records(client.events(window.start, window.end, EVENT_TYPES))
    on_progress(f"amoCRM: {len(events)} events; leads of the day")
    portion = Portion(limits, before, leads=holding.by_id(), deleted=holding.by_id())
    portion.read(client, window, {_entity_id(event) for event in events})
    leads, deleted = portion.leads.values(), portion.deleted.values()
    asked = contacts_to_ask(portion, linked_before)
    on_progress(f"amoCRM: {len(leads)} leads; {len(portion.contacts)} contacts of theirs")
    contacts = holding.records(client.contacts_by_id(sorted(portion.contacts)))
    read = (events, leads, deleted, contacts, portion, asked)
    if not are_lists_due(held, client.asked, chain(leads, deleted), events):
        return AmoCrmDay(None, [], [], [], *read)
    on_progress("amoCRM: account, people and pipelines")
    return AmoCrmDay(
        client.account(),
        list(client.users()),
        list(client.pipelines()),
        list(client.loss_reasons()),
        *read,
    )


def raw_rows(day: AmoCrmDay, region: str, unusable: frozenset[int] | None = frozenset()) -> Rows:
    """The day as rows of the ``raw.amocrm_*`` tables, by table name.

    ``unusable`` are contacts that were set aside (``sightings``).
    """
    channels = [(contact, channels_of(contact, region)) for contact in day.contacts]
    asked = all_of(day.asked_contacts) | day.portion.contacts
    return {
        "amocrm_accounts": [(int(day.account["id"]), day.account)] if day.account else [],
        "amocrm_users": [(int(user["id"]), user) for user in day.users],
        "amocrm_pipelines": [(int(pipeline["id"]), pipeline) for pipeline in day.pipelines],
        "amocrm_loss_reasons": [(int(reason["id"]), reason) for reason in day.loss_reasons],
        "amocrm_events": [_event_row(event) for event in day.events],
        "amocrm_leads": [
            *(_lead_row(lead, is_deleted=bool(lead.get("is_deleted"))) for lead in day.leads),
            *(_lead_row(lead, is_deleted=True) for lead in day.deleted_leads),
        ],
        "amocrm_contacts": [_contact_row(*each) for each in channels],
        "amocrm_contact_channels": [
            _channel_row(contact, channel) for contact, each in channels for channel in each
        ],
        "amocrm_contact_sightings": [
            (*each, {}) for each in sightings(asked, day.contacts, unusable)
        ],
        "amocrm_lead_contacts": [
            (int(lead["id"]), int(link["id"]), bool(link.get("is_main")), link)
            for lead in day.leads
            for link in contact_links(lead)
        ],
    }


def _event_row(event: Payload) -> tuple[Any, ...]:
    created_at = _instant(event["created_at"])
    entity_type = str(event.get("entity_type") or "")
    return (str(event["id"]), str(event["type"]), entity_type, _entity_id(event), created_at, event)


def _lead_row(lead: Payload, *, is_deleted: bool) -> tuple[Any, ...]:
    return (int(lead["id"]), _instant(lead["updated_at"]), is_deleted, lead)


def _contact_row(contact: Payload, channels: list[Channel]) -> tuple[Any, ...]:
    phones = {each.normal: None for each in channels if each.kind == "phone" and each.normal}
    return (int(contact["id"]), _instant(contact["updated_at"]), list(phones), contact)


def _channel_row(contact: Payload, channel: Channel) -> tuple[Any, ...]:
    return (
        int(contact["id"]), _instant(contact["updated_at"]), channel.kind, channel.position,
        channel.as_written, channel.normal, channel.enum_code, channel.payload,
    )  # fmt: skip


def _entity_id(event: Payload) -> int:
    return int(event["entity_id"])


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)
