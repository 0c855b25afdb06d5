"""Everything the simulators remember while they run.

Lives here: tenants with their days, and finding a tenant by its credentials. Not here: the
Telegram chats, which outlive a restart (``telegram.store``).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from .clock import VirtualClock
from .faults import Faults
from .limits import Limits
from .log import RequestLog
from .switches import Switches
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

    def put(self, day: Day) -> None:
        """Load a day, replacing what it was before."""
        self.days[day.day] = day
        loaded = list(self.days.values())
        self.leads = {lead.id: lead for d in loaded for lead in d.leads}
        self.contacts = {contact.id: contact for d in loaded for contact in d.contacts}
        self.events = [event for d in loaded for event in d.events]
        self.people = {person.id: person for d in loaded for person in d.people}
        self.chats = {chat.id: (p, chat) for p in self.people.values() for chat in p.chats}

    def add_message(self, chat: Chat, message: ChatMessage) -> None:
        """Put a message into its chat, in order."""
        chat.messages.append(message)
        chat.messages.sort(key=lambda m: m.created_at)

    def last_activity(self, person: Person) -> datetime:
        """When the person's chats last changed."""
        moments = [chat.messages[-1].created_at for chat in person.chats if chat.messages]
        return max(moments) if moments else person.known_at


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
