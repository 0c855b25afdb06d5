"""One tenant-day of amoCRM: what happened, the leads it happened to, and their contacts.

What lives here: which answers make a day and how they become raw rows. Asking is
``providers/amocrm``, loading is ``storage/raw_rows.py``.

The leads of a day are those its events name, those updated in it and those deleted in it: amoCRM's
``updated_at`` filter alone cannot reproduce the past, because a lead changed again tomorrow leaves
today's window.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from synkro_assets.domain.business_day import Window
from synkro_assets.ingestion.amocrm_references import HeldReferences
from synkro_assets.ingestion.phones import phones_in

Payload = dict[str, Any]
Rows = dict[str, list[tuple[Any, ...]]]

EVENT_TYPES = ("lead_added", "lead_status_changed", "lead_deleted", "lead_restored")


class AmoCrm(Protocol):
    """What this stage asks of a client."""

    def account(self) -> Payload: ...
    def users(self) -> Iterable[Payload]: ...
    def pipelines(self) -> Iterable[Payload]: ...
    def loss_reasons(self) -> Iterable[Payload]: ...
    def events(
        self, start: datetime, end: datetime, types: tuple[str, ...]
    ) -> Iterable[Payload]: ...
    def leads_updated(self, start: datetime, end: datetime) -> Iterable[Payload]: ...
    def leads_by_id(self, ids: Iterable[int]) -> Iterable[Payload]: ...
    def deleted_leads(self, start: datetime, end: datetime) -> Iterable[Payload]: ...
    def contacts_by_id(self, ids: Iterable[int]) -> Iterable[Payload]: ...


@dataclass(frozen=True, slots=True)
class AmoCrmDay:
    """Everything amoCRM answered about a day; no account and lists where stored ones do."""

    account: Payload | None
    users: list[Payload]
    pipelines: list[Payload]
    loss_reasons: list[Payload]
    events: list[Payload]
    leads: list[Payload]
    deleted_leads: list[Payload]
    contacts: list[Payload]


def fetch_day(
    client: AmoCrm,
    window: Window,
    on_progress: Callable[[str], None] = lambda _: None,
    held: HeldReferences | None = None,
) -> AmoCrmDay:
    """Read a day's window; raises ProviderError or IncompleteFetch, never returns half a day.

    What ``held`` knows is not asked for again.
    """
    on_progress("amoCRM: events of the day")
    events = list(client.events(window.start, window.end, EVENT_TYPES))
    on_progress(f"amoCRM: {len(events)} events; leads of the day")
    leads = {int(lead["id"]): lead for lead in client.leads_updated(window.start, window.end)}
    deleted = list(client.deleted_leads(window.start, window.end))
    gone = {int(lead["id"]) for lead in deleted}
    named = {_entity_id(event) for event in events} - leads.keys() - gone
    leads |= {int(lead["id"]): lead for lead in client.leads_by_id(sorted(named))}
    wanted = sorted({link["id"] for lead in leads.values() for link in _contact_links(lead)})
    on_progress(f"amoCRM: {len(leads)} leads; {len(wanted)} contacts of theirs")
    contacts = list(client.contacts_by_id(wanted))
    if held is not None and held.hold([*leads.values(), *deleted], events):
        return AmoCrmDay(None, [], [], [], events, list(leads.values()), deleted, contacts)
    on_progress("amoCRM: account, people and pipelines")
    return AmoCrmDay(
        client.account(),
        list(client.users()),
        list(client.pipelines()),
        list(client.loss_reasons()),
        events,
        list(leads.values()),
        deleted,
        contacts,
    )


def raw_rows(day: AmoCrmDay, region: str) -> Rows:
    """The day as rows of the ``raw.amocrm_*`` tables, by table name."""
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
        "amocrm_contacts": [_contact_row(contact, region) for contact in day.contacts],
        "amocrm_lead_contacts": [
            (int(lead["id"]), int(link["id"]), bool(link.get("is_main")), link)
            for lead in day.leads
            for link in _contact_links(lead)
        ],
    }


def _event_row(event: Payload) -> tuple[Any, ...]:
    created_at = _instant(event["created_at"])
    entity_type = str(event.get("entity_type") or "")
    return (str(event["id"]), str(event["type"]), entity_type, _entity_id(event), created_at, event)


def _lead_row(lead: Payload, *, is_deleted: bool) -> tuple[Any, ...]:
    return (int(lead["id"]), _instant(lead["updated_at"]), is_deleted, lead)


def _contact_row(contact: Payload, region: str) -> tuple[Any, ...]:
    numbers = {number: None for text in _phone_texts(contact) for number in phones_in(text, region)}
    return (int(contact["id"]), _instant(contact["updated_at"]), list(numbers), contact)


def _phone_texts(contact: Payload) -> Iterator[str]:
    for field in contact.get("custom_fields_values") or []:
        if field.get("field_code") == "PHONE":
            for item in field.get("values") or []:
                if item.get("value") is not None:
                    yield str(item["value"])


def _contact_links(lead: Payload) -> list[Payload]:
    links: list[Payload] = (lead.get("_embedded") or {}).get("contacts") or []
    return links


def _entity_id(event: Payload) -> int:
    return int(event["entity_id"])


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)
