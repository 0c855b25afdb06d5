"""The raw tables as data, of five kinds, and where rows of one load belong.

What lives here: tables, columns and kinds. Bringing rows into them is ``raw_loading.py``; what a
row holds is decided by ``ingestion``.

* A **feed** keeps what happened: what is answered of a tenant-day replaces what is stored of it,
  whole chats of messages, single events. What is no longer answered stays.
* An **observation** keeps every version of an entity that was ever seen: what differs from the last
  sight of it is added, the rest ignored, and nothing stored is overwritten.
* A **part** belongs to an observation and is stored when that is.
* A **link** is a pair that was ever seen, with its latest state.
* A **reference** keeps the latest state of a small list.

A re-run with the same answers leaves the same rows in each of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from uuid import UUID

from synkro_assets.storage.database import Connection


class Kind(Enum):
    """How a raw table is filled."""

    FEED = "feed"
    OBSERVATION = "observation"
    PART = "part"
    LINK = "link"
    REFERENCE = "reference"


@dataclass(frozen=True, slots=True)
class RawTable:
    """A table of ``raw``: its own columns (payload last) and, after the tenant, its key.

    The key of an observation and of its parts ends with ``fetched_at``, which all rows of a load
    share. A part names the observation it is of: ``whole`` and the columns that are its key there.
    """

    name: str
    kind: Kind
    columns: tuple[str, ...]
    key: tuple[str, ...]
    whole: str | None = None
    whole_key: tuple[tuple[str, str], ...] = ()

    @property
    def is_of_a_day(self) -> bool:
        return self.kind is not Kind.REFERENCE

    @property
    def is_within_chats(self) -> bool:
        """Whether its rows are what was said in chats, not the chats."""
        return "radist_message_id" in self.columns

    @property
    def stored_columns(self) -> list[str]:
        """Every column, those that all rows of a load share first."""
        shared = ["tenant_id", "fetched_at", "run_id"]
        return [*shared, *(["business_day"] if self.is_of_a_day else []), *self.columns]

    @property
    def arriving_key(self) -> list[str]:
        """The key's columns that differ within a load."""
        return [name for name in self.key if name in self.columns]


@dataclass(frozen=True, slots=True)
class Column:
    """A column's PostgreSQL type and what it holds, for whoever reads the catalog."""

    type: str
    description: str


_AMOCRM_ID = "amoCRM's id"


COLUMNS = {
    "tenant_id": Column("uuid", "the tenant"),
    "business_day": Column("date", "label of the day it was read for, in the tenant's zone"),
    "fetched_at": Column("timestamp with time zone", "when it was read"),
    "run_id": Column("text", "Dagster's run that read it"),
    "payload": Column("jsonb", "the provider's answer as it came"),
    "amocrm_account_id": Column("bigint", _AMOCRM_ID),
    "amocrm_user_id": Column("bigint", _AMOCRM_ID),
    "amocrm_pipeline_id": Column("bigint", _AMOCRM_ID),
    "amocrm_loss_reason_id": Column("bigint", _AMOCRM_ID),
    "amocrm_event_id": Column("text", _AMOCRM_ID),
    "amocrm_lead_id": Column("bigint", _AMOCRM_ID),
    "amocrm_contact_id": Column("bigint", _AMOCRM_ID),
    "event_type": Column("text", "amoCRM's event type, such as lead_status_changed"),
    "entity_type": Column("text", "what the event happened to, such as lead"),
    "entity_id": Column("bigint", "amoCRM's id of what the event happened to"),
    "created_at": Column("timestamp with time zone", "when it happened"),
    "updated_at": Column("timestamp with time zone", "the provider's own time of this version"),
    "is_deleted": Column("boolean", "whether it is in the trash, or was not shown when asked for"),
    "is_main": Column("boolean", "whether this is the lead's main contact"),
    "phones_e164": Column("text[]", "every phone of the contact in E.164"),
    "contact_updated_at": Column("timestamp with time zone", "which version of the contact has it"),
    "kind": Column("text", "phone or email"),
    "position": Column("integer", "its place among the contact's of the kind, from 0"),
    "value_as_written": Column("text", "the text of the field, which may hold several"),
    "value_normal": Column("text", "in E.164 or the address in lower case, where it is one"),
    "enum_code": Column("text", "amoCRM's word for it, such as WORK; the sets are the account's"),
    "radist_chat_id": Column("bigint", "Radist's id of the chat"),
    "radist_contact_id": Column("bigint", "Radist's id of the person or group"),
    "radist_connection_id": Column("bigint", "Radist's id of the channel"),
    "radist_message_id": Column("text", "Radist's id of the message"),
    "phone_e164": Column("text", "the chat's phone in E.164, where it has one"),
    "direction": Column("text", "inbound or outbound, as Radist says it"),
}


def _reference(entity: str) -> RawTable:
    key = f"amocrm_{entity}_id"
    return RawTable(f"amocrm_{entity}s", Kind.REFERENCE, (key, "payload"), (key,))


AMOCRM_TABLES = (
    _reference("account"),
    _reference("user"),
    _reference("pipeline"),
    _reference("loss_reason"),
    RawTable(
        "amocrm_events",
        Kind.FEED,
        ("amocrm_event_id", "event_type", "entity_type", "entity_id", "created_at", "payload"),
        ("business_day", "amocrm_event_id"),
    ),
    RawTable(
        "amocrm_leads",
        Kind.OBSERVATION,
        ("amocrm_lead_id", "updated_at", "is_deleted", "payload"),
        ("amocrm_lead_id", "updated_at", "is_deleted", "fetched_at"),
    ),
    RawTable(
        "amocrm_contacts",
        Kind.OBSERVATION,
        ("amocrm_contact_id", "updated_at", "phones_e164", "payload"),
        ("amocrm_contact_id", "updated_at", "fetched_at"),
    ),
    RawTable(
        "amocrm_contact_channels",
        Kind.PART,
        (
            "amocrm_contact_id",
            "contact_updated_at",
            "kind",
            "position",
            "value_as_written",
            "value_normal",
            "enum_code",
            "payload",
        ),
        ("amocrm_contact_id", "contact_updated_at", "fetched_at", "kind", "position"),
        "amocrm_contacts",
        (("amocrm_contact_id", "amocrm_contact_id"), ("contact_updated_at", "updated_at")),
    ),
    RawTable(
        "amocrm_contact_sightings",
        Kind.OBSERVATION,
        ("amocrm_contact_id", "is_deleted", "payload"),
        ("amocrm_contact_id", "fetched_at"),
    ),
    RawTable(
        "amocrm_lead_contacts",
        Kind.LINK,
        ("amocrm_lead_id", "amocrm_contact_id", "is_main", "payload"),
        ("amocrm_lead_id", "amocrm_contact_id"),
    ),
)

RADIST_TABLES = (
    RawTable(
        "radist_chats",
        Kind.FEED,
        (
            "radist_chat_id", "radist_contact_id", "radist_connection_id", "phone_e164",
            "payload",
        ),
        ("business_day", "radist_chat_id"),
    ),
    RawTable(
        "radist_messages",
        Kind.FEED,
        ("radist_message_id", "radist_chat_id", "direction", "created_at", "payload"),
        ("business_day", "radist_chat_id", "radist_message_id"),
    ),
)  # fmt: skip

RAW_TABLES = {table.name: table for table in (*AMOCRM_TABLES, *RADIST_TABLES)}


@dataclass(frozen=True, slots=True)
class Load:
    """Where rows of one load belong; ``fetched_at`` is aware, ``run_id`` is Dagster's.

    ``chats`` are those whose rows of the day are replaced. Of a load that ``is_whole`` the day's
    other chats are counted too, to tell how far it shrank.
    """

    tenant_id: UUID
    business_day: date
    fetched_at: datetime
    run_id: str
    chats: Sequence[int] | None = None
    is_whole: bool = True


def ensure_month(connection: Connection, day: date) -> None:
    """Make the monthly partitions that a day's feeds are written to."""
    connection.execute("select raw.ensure_month(%s)", [day])
