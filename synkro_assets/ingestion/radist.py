"""One tenant-day of Radist.Online: the chats that had messages in the window, and the messages.

What lives here: which chats are read and how answers become raw rows. Asking is
``providers/radist``, keeping what was said small is ``packing.py``, loading is
``storage/raw_rows.py``.

The feed of contacts is ordered by newest activity and moves while it is read: a contact that gets a
message jumps to its head. It is therefore read again from the head until a page shows nothing new
and something that did not move.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from synkro_assets.domain.business_day import Window
from synkro_assets.domain.errors import IncompleteFetch, ProviderUnavailable
from synkro_assets.ingestion.completeness import require_messages, require_no_shrink
from synkro_assets.ingestion.packing import LateRows, Packed, Rows
from synkro_assets.ingestion.phones import phone_of

Payload = dict[str, Any]

# The order of the feed is inferred from its users, not documented: go on well past the window.
_OLD_BY = timedelta(days=1)
_OLD_PAGES = 2
_MAX_SCANS = 10


class ChatMessages(Protocol):
    """A chat's messages of a window; truncated when older ones of it were left unread.

    ``has_poison`` tells that some of the window's cannot be used.
    """

    @property
    def messages(self) -> list[Payload]: ...
    @property
    def is_truncated(self) -> bool: ...
    @property
    def has_poison(self) -> bool: ...


class Radist(Protocol):
    """What this stage asks of a client."""

    def connections(self) -> Iterable[Payload]: ...
    def chats_with_contacts(self) -> Iterator[list[Payload]]: ...
    def chat_messages(
        self, chat_id: int, since: datetime, until: datetime, max_pages: int
    ) -> ChatMessages: ...


ParseTime = Callable[[str], datetime]
Version = tuple[Any, tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of Radist one run may read."""

    contact_pages: int
    message_pages: int
    dialogs: int = 100_000
    candidates: int = 100_000


@dataclass(slots=True)
class RadistDay:
    """What Radist answered about a day: the chats that spoke in the window, and what they said.

    ``silent`` are chats read that spoke only later. ``unread`` is how many chats a limit left to a
    later run, by the limit's name. ``with_poison`` are chats that have messages which cannot be
    used.
    """

    connection_types: dict[int, str]
    chats: dict[int, tuple[Payload, Payload]] = field(default_factory=dict)
    messages: dict[int, Packed] = field(default_factory=dict)
    silent: set[int] = field(default_factory=set)
    unread: dict[str, int] = field(default_factory=dict)
    with_poison: set[int] = field(default_factory=set)

    @property
    def message_count(self) -> int:
        return sum(map(len, self.messages.values()))

    def keep(
        self, chat_id: int, chat: tuple[Payload, Payload], messages: Sequence[Payload]
    ) -> None:
        self.chats[chat_id] = chat
        self.messages[chat_id] = Packed(messages)


def fetch_day(
    client: Radist,
    window: Window,
    limits: Limits,
    parse_time: ParseTime,
    on_progress: Callable[[str], None] = lambda _: None,
    known: Set[int] = frozenset(),
) -> RadistDay:
    """Read a day's window; raises ProviderError or IncompleteFetch, never returns half a dialog.

    ``known`` are the chats whose day is known whole already: they are read last.
    """
    on_progress("Radist: connections and chats")
    day = RadistDay(_connection_types(client.connections()))
    candidates = _candidates(client, window, limits, parse_time)
    on_progress(f"Radist: {len(candidates)} chats may have messages of the day")
    require_no_shrink("Radist's list of chats", len(candidates.keys() & known), len(known))
    missing: list[int] = []
    order = sorted(candidates, key=lambda chat_id: (chat_id in known, chat_id))
    for done, chat_id in enumerate(order, start=1):
        if limit := _met(day, limits):
            left = sum(each not in known for each in order[done - 1 :])
            day.unread = {limit: left} if left else {}
            break
        found = client.chat_messages(chat_id, window.start, window.end, limits.message_pages)
        _require_whole(chat_id, found, limits)
        if found.has_poison:
            day.with_poison.add(chat_id)
        if found.messages:
            day.keep(chat_id, candidates[chat_id], found.messages)
        elif not found.has_poison and is_in(window, last_said(candidates[chat_id][1], parse_time)):
            missing.append(chat_id)
        else:
            day.silent.add(chat_id)
        if done % 100 == 0:
            on_progress(f"Radist: {done} of {len(candidates)} chats read")
    require_messages(missing)
    on_progress(f"Radist: {day.message_count} messages in {len(day.chats)} chats")
    return day


def _require_whole(chat_id: int, found: ChatMessages, limits: Limits) -> None:
    if found.is_truncated:
        raise IncompleteFetch(
            f"chat {chat_id} has more than {limits.message_pages} pages of messages in this "
            "day: raise max_radist_message_pages"
        )


def _met(day: RadistDay, limits: Limits) -> str | None:
    """The tenant's setting that lets no further chat be read, if one does."""
    if len(day.chats) >= limits.dialogs:
        return "radist_fetch_limit"
    if len(day.chats) + len(day.silent) >= limits.candidates:
        return "max_radist_candidates"
    return None


def _candidates(
    client: Radist, window: Window, limits: Limits, parse_time: ParseTime
) -> dict[int, tuple[Payload, Payload]]:
    """The chats whose last message is not older than the window, with their contacts."""
    found: dict[int, tuple[Payload, Payload]] = {}
    seen: dict[int, Version] = {}
    for _ in range(_MAX_SCANS + 1):
        if _scan(client, window, limits, parse_time, found, seen):
            return found
    raise IncompleteFetch(
        f"Radist's list of chats still changed after {_MAX_SCANS} readings: nothing of this day "
        "was stored, run it again"
    )


def _scan(
    client: Radist,
    window: Window,
    limits: Limits,
    parse_time: ParseTime,
    found: dict[int, tuple[Payload, Payload]],
    seen: dict[int, Version],
) -> bool:
    """Read the feed from its head; true when its first page alone proves that none is missing.

    Ends well before the window, or at a page without news on which a contact is as the reading
    before found it: nothing behind it has moved since. A page of contacts that all moved proves
    nothing, for an unread one may have moved before they did.
    """
    before = dict(seen)
    number, old_pages = 0, 0
    for number, page in enumerate(client.chats_with_contacts(), start=1):
        if number > limits.contact_pages:
            raise IncompleteFetch(
                f"Radist has more than {limits.contact_pages} pages of contacts for this day: "
                "raise max_radist_contact_pages"
            )
        for contact in page:
            _keep_candidates(contact, window, parse_time, found)
        versions = {int(contact["contact_id"]): _version(contact) for contact in page}
        has_news = not versions.keys() <= seen.keys()
        is_still = any(before.get(each) == version for each, version in versions.items())
        seen.update(versions)
        newest = [_moment(contact.get("last_chat_updated_at"), parse_time) for contact in page]
        is_old = all(at is not None and at < window.start - _OLD_BY for at in newest)
        old_pages = old_pages + 1 if is_old else 0
        if (is_still and not has_news) or old_pages == _OLD_PAGES:
            break
    return number <= 1


def _version(contact: Payload) -> Version:
    """What changes when a contact moves to the head of the feed."""
    chats = tuple(chat["chat_id"] for chat in contact.get("chats") or [])
    return contact.get("last_chat_updated_at"), chats


def _keep_candidates(
    contact: Payload,
    window: Window,
    parse_time: ParseTime,
    found: dict[int, tuple[Payload, Payload]],
) -> None:
    person = {key: value for key, value in contact.items() if key != "chats"}
    for chat in contact.get("chats") or []:
        if chat.get("last_message") is None:
            continue
        at = last_said(chat, parse_time)
        # A chat whose last message cannot be dated may have spoken: only its messages tell.
        if at is None or at >= window.start:
            found[int(chat["chat_id"])] = (person, chat)


def last_said(chat: Payload, parse_time: ParseTime) -> datetime | None:
    """When a chat's last message was written; None if the feed of contacts does not tell."""
    return _moment((chat.get("last_message") or {}).get("created_at"), parse_time)


def is_in(window: Window, moment: datetime | None) -> bool:
    return moment is not None and moment in window


def _moment(written: Any, parse_time: ParseTime) -> datetime | None:
    try:
        return parse_time(written) if isinstance(written, str) else None
    except (ProviderUnavailable, ValueError):
        return None


def _connection_types(connections: Iterable[Payload]) -> dict[int, str]:
    """What messenger each connection is of, where that is said."""
    return {
        int(each["id"]): each["type"]
        for each in connections
        if isinstance(each.get("type"), str) and each["type"]
    }


def raw_rows(day: RadistDay, region: str, parse_time: ParseTime) -> dict[str, Rows]:
    """The day as rows of the ``raw.radist_*`` tables, by table name."""

    def message_rows() -> Iterator[tuple[Any, ...]]:
        for chat_id, messages in day.messages.items():
            for message in messages:
                yield _message_row(chat_id, message, parse_time)

    return {
        "radist_chats": [
            _chat_row(contact, chat, day.connection_types, region)
            for contact, chat in day.chats.values()
        ],
        "radist_messages": LateRows(day.message_count, message_rows),
    }


def _chat_row(
    contact: Payload, chat: Payload, connection_types: dict[int, str], region: str
) -> tuple[Any, ...]:
    connection_id = int(chat["connection_id"])
    payload = {
        "contact": contact,
        "chat": chat,
        "connection_type": connection_types.get(connection_id),
    }
    written = chat.get("phone")
    phone = phone_of(str(written), region) if isinstance(written, str | int) else None
    return (int(chat["chat_id"]), int(contact["contact_id"]), connection_id, phone, payload)


def _message_row(chat_id: int, message: Payload, parse_time: ParseTime) -> tuple[Any, ...]:
    created_at = parse_time(message["created_at"])
    direction = str(message.get("direction") or "other")
    return (str(message["message_id"]), chat_id, direction, created_at, message)
