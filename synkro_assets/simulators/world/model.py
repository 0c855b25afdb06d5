"""The records of a simulated company; every instant is aware UTC.

Lives here: plain data. Not here: how it comes to be (the other modules of this package).
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(slots=True)
class Manager:
    """A user of the CRM account."""

    id: int
    name: str
    email: str
    is_admin: bool = False
    is_active: bool = True


@dataclass(slots=True)
class Status:
    """A stage of a pipeline; 142 and 143 exist in every pipeline."""

    id: int
    name: str
    sort: int
    type: int
    color: str


@dataclass(slots=True)
class Pipeline:
    """A sales pipeline, its unsorted stage first."""

    id: int
    name: str
    sort: int
    is_main: bool
    statuses: list[Status]


@dataclass(slots=True)
class LossReason:
    """Why a lead was lost."""

    id: int
    name: str
    sort: int
    created_at: datetime


@dataclass(slots=True)
class Connection:
    """A messenger account the company writes from."""

    id: int
    type: str
    name: str
    phone: str | None


@dataclass(slots=True)
class Company:
    """What does not change from day to day."""

    tenant: str
    name: str
    language: str
    region: str
    timezone: str
    account_id: int
    company_id: int
    business: str
    currency: str
    managers: list[Manager]
    pipelines: list[Pipeline]
    loss_reasons: list[LossReason]
    connections: list[Connection]


@dataclass(slots=True)
class Phone:
    """A phone field as a person typed it, and the numbers really meant."""

    value: str
    e164: list[str]
    enum_code: str = "WORK"


@dataclass(slots=True)
class CrmContact:
    """A contact of the CRM."""

    id: int
    name: str
    phones: list[Phone]
    email: str | None
    responsible_id: int
    created_at: datetime
    updated_at: datetime
    shown_from: datetime
    lead_ids: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Lead:
    """A deal of the CRM as its day leaves it, and how it stood before (``history``)."""

    id: int
    name: str
    price: int
    pipeline_id: int
    status_id: int
    responsible_id: int
    created_at: datetime
    updated_at: datetime
    loss_reason_id: int | None = None
    closed_at: datetime | None = None
    is_deleted: bool = False
    custom_fields: list[dict[str, Any]] | None = None
    contact_ids: list[int] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    source_id: int | None = None
    created_by: int = 0
    versions: list[tuple[datetime, "Lead"]] = field(default_factory=list, repr=False)


@dataclass(slots=True)
class Event:
    """Something that happened in the CRM."""

    id: str
    type: str
    entity_id: int
    entity_type: str
    created_by: int
    created_at: datetime
    shown_from: datetime
    before: list[dict[str, Any]] = field(default_factory=list)
    after: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class ChatMessage:
    """One message of a messenger chat."""

    id: str
    direction: str
    type: str
    text: str
    created_at: datetime


@dataclass(slots=True)
class Chat:
    """A chat of a messenger contact over one connection, oldest message first."""

    id: int
    connection_id: int
    source_chat_id: str | None
    phone: str | None
    messages: list[ChatMessage] = field(default_factory=list)


@dataclass(slots=True)
class Person:
    """A contact of the messenger, with chats over one or several connections."""

    id: int
    name: str | None
    is_group: bool
    e164: str | None
    chats: list[Chat]
    known_at: datetime
    crm_contact_id: int | None = None
    dialog_key: str = ""
    regular: int | None = None


@dataclass(slots=True)
class Line:
    """One line of a conversation before it has a place in a day."""

    role: str
    text: str
    type: str = "text"
    at: datetime | None = None


@dataclass(slots=True)
class Conversation:
    """A conversation before it becomes a chat."""

    key: str
    lines: list[Line]
    language: str
    outcome: str = "open"
    topic: str = ""
    price: int = 0


@dataclass(slots=True)
class Day:
    """Everything that was loaded for one day of a tenant."""

    day: str
    window_start: datetime
    window_end: datetime
    contacts: list[CrmContact] = field(default_factory=list)
    leads: list[Lead] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    event_count: int = 0
    lead_base: int = 2_150_000_000  # the ids of today's leads are beyond 32 bits with a sign

    def holds(self, moment: datetime) -> bool:
        """Whether the moment lies in the day's window."""
        return self.window_start <= moment < self.window_end
