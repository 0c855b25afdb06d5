"""One tenant-day of amoCRM: what happened, the leads it happened to, and their contacts.

What lives here: which answers make a day. Asking is ``providers/amocrm``, how much of a day one
run reads is ``amocrm_portion.py``, how answers become rows is ``amocrm_rows.py``.

The leads of a day are those its events name, those updated in it and those deleted in it: amoCRM's
``updated_at`` filter alone cannot reproduce the past, because a lead changed again tomorrow leaves
today's window. What no event tells is lost to a day that is read late: a lead that was only edited
on it and changed again since is of the later day alone, and price, responsible user, links and
phones that changed again are known as they are now. Creation, stage and trash have events.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Protocol

from synkro_assets.domain.business_day import Window
from synkro_assets.ingestion.amocrm_contacts import (
    ByLead,
    LinkedBefore,
    all_of,
    contacts_to_ask,
)
from synkro_assets.ingestion.amocrm_portion import Leads, Limits, Place, Portion
from synkro_assets.ingestion.amocrm_references import HeldReferences, Named, are_lists_due
from synkro_assets.ingestion.amocrm_rows import (
    Early,
    Rows,
    contact_rows,
    deleted_lead_rows,
    entity_id,
    event_rows,
    lead_rows,
    sighting_rows,
)
from synkro_assets.ingestion.beside import Beside, WhileWanted
from synkro_assets.ingestion.packing import AS_READ, Holding, Records

Payload = dict[str, Any]
_Lists = tuple[Payload | None, list[Payload], list[Payload], list[Payload]]

UNLIMITED, BEGINNING, NOTHING_EARLY = Limits(), Place(), Early()
EVENT_TYPES = ("lead_added", "lead_status_changed", "lead_deleted", "lead_restored")


class AmoCrm(Leads, Protocol):
    """What this stage asks of a client, and how many requests that took so far.

    Events are asked for in another thread than the rest. ``more`` of ``contacts_by_id`` is called
    once, when it is time to know them.
    """

    @property
    def asked(self) -> int: ...
    def account(self) -> Payload: ...
    def users(self) -> Iterable[Payload]: ...
    def pipelines(self) -> Iterable[Payload]: ...
    def loss_reasons(self) -> Iterable[Payload]: ...
    def events(
        self, start: datetime, end: datetime, types: tuple[str, ...]
    ) -> Iterable[Payload]: ...
    def contacts_by_id(
        self, ids: Iterable[int], more: Callable[[], Iterable[int]]
    ) -> Iterable[Payload]: ...


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
    early: Early = NOTHING_EARLY,
) -> AmoCrmDay:
    """Read a day's window; raises ProviderError or IncompleteFetch, never returns half a lead.

    ``held`` are the stored lists; ``amocrm_references`` says when they are good enough. Of the
    leads what is left ``before`` is read. The contacts ``linked_before`` are asked for too, as one
    that was deleted is linked no more. What is known before the rest is read goes to ``early``.
    """
    kept = _Kept(holding, early)
    on_progress("amoCRM: events and leads of the day")
    portion = Portion(
        limits, before, holding.by_id(), holding.by_id(), keep=kept.lead, keep_deleted=kept.deleted
    )
    with Beside(partial(_events, client, window, holding, kept)) as events:
        portion.read_changed(client, window)
        others = _OtherLeads(client, portion, kept, events, linked_before, on_progress)
        shown = client.contacts_by_id(frozenset(portion.contacts), others.contacts)
        contacts = holding.records(map(kept.contact, shown))
    kept.end()
    early.sightings(all_of(others.asked) | portion.contacts, contacts)
    lists: _Lists = (None, [], [], [])
    # Last, so that whoever a lead names is in them.
    if are_lists_due(held, client.asked, kept.named):
        on_progress("amoCRM: account, people and pipelines")
        lists = _lists(client)
    return AmoCrmDay(
        *lists, events.outcome(), portion.leads.values(), portion.deleted.values(), contacts,
        portion, others.asked,
    )  # fmt: skip


@dataclass(slots=True)
class _OtherLeads:
    """What of a day is known only when its events are: the rest of its leads and their contacts.

    ``asked`` are then the contacts of all its leads, by lead.
    """

    client: AmoCrm
    portion: Portion
    kept: _Kept
    events: Beside[Records]
    linked_before: LinkedBefore
    on_progress: Callable[[str], None]
    asked: ByLead = field(default_factory=dict)

    def contacts(self) -> set[int]:
        """Contacts that those of the changed leads were not."""
        events, portion = self.events.outcome(), self.portion
        known = frozenset(portion.contacts)
        portion.read_named(self.client, set(map(entity_id, events)))
        self.kept.end()
        self.asked = contacts_to_ask(portion, self.linked_before)
        found = f"{len(events)} events, {len(portion.leads)} leads"
        self.on_progress(f"amoCRM: {found}; {len(portion.contacts)} contacts of theirs")
        return portion.contacts - known


def _events(
    client: AmoCrm, window: Window, holding: Holding, kept: _Kept, while_wanted: WhileWanted
) -> Records:
    shown = while_wanted(client.events(window.start, window.end, EVENT_TYPES))
    events = holding.records(map(kept.event, shown))
    kept.end_events()
    return events


def _lists(client: AmoCrm) -> _Lists:
    account, users = client.account(), list(client.users())
    return account, users, list(client.pipelines()), list(client.loss_reasons())


class _Kept:
    """What becomes of each record that was read: looked at, handed on to be stored, held.

    Events may come in another thread than the rest, until they have ended.
    """

    def __init__(self, holding: Holding, early: Early) -> None:
        self.named = Named()
        self._kept = holding.kept
        self._pieces = early.pieces()

    def event(self, event: Payload) -> Payload:
        self.named.see_event(event)
        self._pieces.events.add(event)
        return self._kept(event, "entity_id")

    def lead(self, lead: Payload) -> Payload:
        self.named.see_lead(lead)
        self._pieces.leads.add(lead)
        return self._kept(lead, "id")

    def deleted(self, lead: Payload) -> Payload:
        self.named.see_lead(lead)
        self._pieces.deleted_leads.add(lead)
        return self._kept(lead, "id")

    def contact(self, contact: Payload) -> Payload:
        self._pieces.contacts.add(contact)
        return self._kept(contact, "id", "is_deleted")

    def end_events(self) -> None:
        """Hand on the events that wait for more of them."""
        self._pieces.events.end()

    def end(self) -> None:
        """Hand on what waits for more of its kind."""
        for pieces in self._pieces:
            pieces.end()


def raw_rows(day: AmoCrmDay, region: str, unusable: frozenset[int] | None = frozenset()) -> Rows:
    """The day as rows of the ``raw.amocrm_*`` tables, by table name.

    ``unusable`` are contacts that were set aside (``sightings``).
    """
    leads = lead_rows(day.leads)
    leads["amocrm_leads"] += deleted_lead_rows(day.deleted_leads)["amocrm_leads"]
    return {
        **event_rows(day.events),
        **leads,
        **contact_rows(day.contacts, region),
        **sighting_rows(all_of(day.asked_contacts) | day.portion.contacts, day.contacts, unusable),
        **list_rows(day),
    }


def list_rows(day: AmoCrmDay) -> Rows:
    """What is read last; all other rows may have been stored early."""
    return {
        "amocrm_accounts": [(int(day.account["id"]), day.account)] if day.account else [],
        "amocrm_users": [(int(user["id"]), user) for user in day.users],
        "amocrm_pipelines": [(int(pipeline["id"]), pipeline) for pipeline in day.pipelines],
        "amocrm_loss_reasons": [(int(reason["id"]), reason) for reason in day.loss_reasons],
    }
