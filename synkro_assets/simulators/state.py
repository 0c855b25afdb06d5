"""Everything the simulators remember while they run.

Lives here: tenants with their days, and finding a tenant by its credentials. Not here: the
Telegram chats, which outlive a restart (``telegram.store``).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from .clock import VirtualClock
from .faults import Faults
from .inbox import Inbox
from .limits import Limits
from .log import RequestLog
from .standing import Standing, standing_at
from .switches import Switches
from .world.history import forget_plans, keep
from .world.model import (
    Chat,
    ChatMessage,
    Company,
    CrmContact,
    Day,
    Event,
    Lead,
    Person,
)
from .world.seeds import number, token


@dataclass(frozen=True)
class Credentials:
    """What a tenant's clients sign in with; stable for (seed, tenant)."""

    long_lived_token: str
    client_id: str
    client_secret: str
    radist_key: str
    gemini_key: str
    bot_token: str
    chat_id: int
    resend_key: str
    mobizon_key: str
    whapi_token: str


def credentials(seed: int, tenant: str) -> Credentials:
    """The tenant's credentials."""
    bot_id = 5_000_000_000 + number(seed, tenant, "bot", below=2_000_000_000)
    return Credentials(
        long_lived_token=f"llt.{token(seed, tenant, 'amocrm', length=64)}",
        client_id=token(seed, tenant, "client", length=36),
        client_secret=token(seed, tenant, "client secret", length=64),
        radist_key=f"rk_{token(seed, tenant, 'radist key')}",
        gemini_key=f"AIza{token(seed, tenant, 'gemini', length=35)}",
        bot_token=f"{bot_id}:{token(seed, tenant, 'telegram', length=35)}",
        chat_id=-1_000_000_000_000 - 1_200_000_000 - number(seed, tenant, "chat", below=10**9),
        resend_key=f"re_{token(seed, tenant, 'resend', length=32)}",
        mobizon_key=f"kz{token(seed, tenant, 'mobizon', length=62)}",
        whapi_token=token(seed, tenant, "whapi", length=32),
    )


@dataclass
class TenantWorld:
    """A tenant's company and its loaded days."""

    company: Company
    credentials: Credentials
    days: dict[str, Day] = field(default_factory=dict)
    leads: dict[int, Lead] = field(default_factory=dict)
    contacts: dict[int, CrmContact] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    people: dict[int, Person] = field(default_factory=dict)
    chats: dict[int, tuple[Person, Chat]] = field(default_factory=dict)
    _standing: Standing | None = None

    def put(self, day: Day) -> None:
        """Load a day, replacing what it was before."""
        self.days[day.day] = day
        loaded = [self.days[label] for label in sorted(self.days)]
        self.leads = {lead.id: lead for d in loaded for lead in d.leads}
        self.events = [event for d in loaded for event in d.events]
        self.contacts, self.people = {}, {}
        for d in loaded:
            for contact in d.contacts:
                self.contacts[contact.id] = _same_contact(self.contacts.get(contact.id), contact)
            for person in d.people:
                self.people[person.id] = _same_person(self.people.get(person.id), person)
        self.chats = {chat.id: (p, chat) for p in self.people.values() for chat in p.chats}
        self._standing = None

    def standing(self, now: datetime) -> Standing:
        """The CRM as it stands; whoever changes a record of a day puts the day again."""
        if self._standing is None or not self._standing.holds(now):
            self._standing = standing_at(now, self.leads, self.contacts, self.events)
        return self._standing

    def touch(self, lead_id: int, now: datetime) -> None:
        """Somebody saved the lead without changing anything but its ``updated_at``."""
        lead = self.leads[lead_id]
        day = self.day_of(lead)
        forget_plans(day, lead, now)
        lead.updated_at = now.replace(microsecond=0)
        keep(lead, now)
        self.put(day)

    def day_of(self, lead: Lead) -> Day:
        """The day the lead came with."""
        return next(d for d in self.days.values() if any(row is lead for row in d.leads))

    def add_message(self, chat_id: int, message: ChatMessage) -> None:
        """Put a message into a chat, in order; it belongs to the last day that has the chat."""
        holders = [
            chat
            for label in sorted(self.days)
            for person in self.days[label].people
            for chat in person.chats
            if chat.id == chat_id
        ]
        whole = self.chats[chat_id][1]
        for chat in (holders[-1], whole) if holders[-1] is not whole else (whole,):
            chat.messages.append(message)
            chat.messages.sort(key=lambda m: m.created_at)


def _same_contact(known: CrmContact | None, again: CrmContact) -> CrmContact:
    """A contact of several days: as it was first, with the leads of all of them."""
    if known is None:
        return again
    return replace(known, lead_ids=[*known.lead_ids, *again.lead_ids])


def _same_person(known: Person | None, again: Person) -> Person:
    """A person of several days, who goes on in the same chats."""
    if known is None:
        return again
    chats = {chat.id: chat for chat in known.chats}
    for chat in again.chats:
        before = chats.get(chat.id)
        rows = [*(before.messages if before else []), *chat.messages]
        chats[chat.id] = replace(chat, messages=sorted(rows, key=lambda row: row.created_at))
    return replace(known, chats=list(chats.values()), dialog_key=again.dialog_key)


@dataclass
class SimulatorState:
    """The root of it all; one per application."""

    seed: int = 1
    dialogs: Path | None = None
    clock: VirtualClock = field(default_factory=VirtualClock)
    faults: Faults = field(default_factory=Faults)
    limits: Limits = field(default_factory=Limits)
    switches: Switches = field(default_factory=Switches)
    log: RequestLog = field(default_factory=RequestLog)
    inbox: Inbox = field(default_factory=Inbox)
    tenants: dict[str, TenantWorld] = field(default_factory=dict)

    def worlds(self) -> Iterator[TenantWorld]:
        """Every loaded tenant."""
        yield from self.tenants.values()

    def by_radist_key(self, key: str) -> TenantWorld | None:
        """The tenant an API key belongs to."""
        return next((w for w in self.worlds() if w.credentials.radist_key == key), None)

    def by_gemini_key(self, key: str) -> TenantWorld | None:
        """The tenant a Gemini key belongs to."""
        return next((w for w in self.worlds() if w.credentials.gemini_key == key), None)

    def by_credential(self, name: str, value: str) -> TenantWorld | None:
        """The tenant whose credential of this name it is."""
        return next((w for w in self.worlds() if getattr(w.credentials, name) == value), None)
