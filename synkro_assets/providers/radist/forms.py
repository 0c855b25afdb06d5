"""By which fields Radist's records are read, and so what makes one of them unusable.

What lives here: the forms, by entity. What does not: judging by them (``domain/soundness.py``),
optional fields, which may be anything.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from synkro_assets.domain.soundness import (
    flaw_of,
    identifier,
    key,
    optional_list,
    optional_text,
)
from synkro_assets.providers.pagination import Row
from synkro_assets.providers.radist.times import moment_of
from synkro_assets.providers.sifting import Sort


def moment(value: Any) -> str | None:
    """A time of this century in any of Radist's spellings."""
    if value is None:
        return "is missing or null"
    if not isinstance(value, str):
        return "is no time"
    return None if moment_of(value) else "is no time or an absurd one"


def last_message_of(chat: Row) -> Row | None:
    """What can be used of a chat's last message: ``{}`` when there is one that cannot be read.

    It comes again among the chat's messages and is set aside there: here it costs no chat.
    """
    last = chat.get("last_message")
    if last is None or flaw_of(last, {"created_at": moment}) is None:
        return last
    at = last.get("created_at") if isinstance(last, dict) else None
    return {"created_at": at} if moment(at) is None else {}


def usable_contact(contact: Any) -> Row | None:
    """What can be used of a contact that is set aside: its id, its time and its chats.

    The chats are judged by themselves: what was said is not lost for a name that cannot be stored.
    """
    if not isinstance(contact, dict):
        return None
    kept = {name: contact.get(name) for name in ("contact_id", "chats")}
    if flaw_of(kept, CONTACTS.form, CONTACTS.apart) is not None:
        return None
    at = contact.get("last_chat_updated_at")
    return kept if moment(at) else {**kept, "last_chat_updated_at": at}


def _last_activity(contact: Row) -> datetime | None:
    return moment_of(contact.get("last_chat_updated_at"))


def _last_said(chat: Row) -> datetime | None:
    return moment_of((last_message_of(chat) or {}).get("created_at"))


CONNECTIONS = Sort("connections", {"id": identifier})
CONTACTS = Sort(
    "contacts",
    {"contact_id": identifier, "chats": optional_list},
    id_name="contact_id",
    time_of=_last_activity,
    apart="chats",
)
CHATS = Sort(
    "chats",
    {"chat_id": identifier, "connection_id": identifier},
    id_name="chat_id",
    time_of=_last_said,
    apart="last_message",
)
MESSAGES = Sort(
    "messages",
    {"message_id": key, "created_at": moment, "direction": optional_text},
    id_name="message_id",
    time_of=lambda message: moment_of(message.get("created_at")),
)


def is_datable(message: Any) -> bool:
    """Whether a message, sound or not, has its place in the order of its chat."""
    if not isinstance(message, dict):
        return False
    return key(message.get("message_id")) is None and moment(message.get("created_at")) is None
