"""One tenant-day of Radist.Online: the chats that had messages in the window, and the messages.

What lives here: which chats are read and how answers become raw rows. Finding the chats is
``radist_feed.py``, reading one is ``radist_dialog.py``, asking is ``providers/radist``, keeping
what was said small is ``packing.py``, loading is ``storage/raw_loading.py``.

A chat with more messages of the day than one run may read is read by several, backwards from the
window's end: its dialog is whole with the part that reaches the window's start, and counts as
unread until then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from synkro_assets.domain.business_day import Window
from synkro_assets.domain.errors import ProviderRefused
from synkro_assets.ingestion.completeness import (
    require_messages,
    require_no_shrink,
    require_readable,
)
from synkro_assets.ingestion.packing import Late, Packed, Rows
from synkro_assets.ingestion.phones import phone_of
from synkro_assets.ingestion.radist_dialog import Messages, read_part
from synkro_assets.ingestion.radist_feed import (
    ChatFeed,
    Contacts,
    FeedPlace,
    ParseTime,
    is_in,
    last_said,
)

_GONE = 404

Payload = dict[str, Any]
Chat = tuple[Payload, Payload]


class Radist(Contacts, Messages, Protocol):
    """What this stage asks of a client."""

    def connections(self) -> Iterable[Payload]: ...


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of Radist one run may read."""

    contact_pages: int
    message_pages: int
    dialogs: int = 100_000
    candidates: int = 100_000


@dataclass(frozen=True, slots=True)
class Before:
    """What earlier runs read of a day since it ended.

    ``spoke`` and ``silent`` are the chats they read whole; ``reached`` is down to when those were
    read that they did not.
    """

    spoke: frozenset[int] = frozenset()
    silent: frozenset[int] = frozenset()
    reached: Mapping[int, datetime] = field(default_factory=dict)
    feed: FeedPlace = field(default_factory=FeedPlace)
    is_whole: bool = False

    @property
    def known(self) -> frozenset[int]:
        return self.spoke | self.silent


NOTHING_BEFORE = Before()


@dataclass(slots=True)
class RadistDay:
    """What Radist answered about a day: the chats that spoke in the window, and what they said.

    ``silent`` are chats read that spoke only later. ``unread`` is how many chats a limit left to a
    later run, by the limit's name, None where nobody can know it; of ``unfinished`` ones a part was
    read, down to ``reached``. ``as_stored`` are known chats that could not be read whole again.
    ``with_poison`` are chats that have messages which cannot be used, ``unreadable`` those of them
    that look as if Radist had changed, ``gone`` ones that it listed and no longer had when they
    were asked for.
    """

    connection_types: dict[int, str]
    chats: dict[int, Chat] = field(default_factory=dict)
    messages: dict[int, Packed] = field(default_factory=dict)
    silent: set[int] = field(default_factory=set)
    unread: dict[str, int | None] = field(default_factory=dict)
    unfinished: dict[int, Packed] = field(default_factory=dict)
    reached: dict[int, datetime] = field(default_factory=dict)
    as_stored: set[int] = field(default_factory=set)
    with_poison: set[int] = field(default_factory=set)
    unreadable: set[int] = field(default_factory=set)
    gone: set[int] = field(default_factory=set)
    feed: FeedPlace = field(default_factory=FeedPlace)

    @property
    def message_count(self) -> int:
        return sum(map(len, self.messages.values()))

    def keep(self, chat_id: int, chat: Chat, messages: Packed) -> None:
        self.chats[chat_id] = chat
        self.messages[chat_id] = messages


def fetch_day(
    client: Radist,
    window: Window,
    limits: Limits,
    parse_time: ParseTime,
    on_progress: Callable[[str], None] = lambda _: None,
    before: Before = NOTHING_BEFORE,
) -> RadistDay:
    """Read a day's window; raises ProviderError or IncompleteFetch, never returns half a dialog."""
    on_progress("Radist: connections and chats")
    day = RadistDay(_connection_types(client.connections()))
    feed = ChatFeed(client, window, parse_time, limits.contact_pages, before.feed)
    feed.read()
    on_progress(f"Radist: {len(feed.found)} chats may have messages of the day")
    if feed.is_listed:
        listed = len(feed.found.keys() & before.known)
        require_no_shrink("Radist's list of chats", listed, len(before.known))
    _ChatReader(client, window, limits, parse_time, before, day).read(feed.found, on_progress)
    _note_left(day, feed, before)
    if day.gone:
        on_progress(f"Radist: {len(day.gone)} chats are no longer there, what is stored stays")
    on_progress(f"Radist: {day.message_count} messages in {len(day.chats)} chats")
    return day


@dataclass(frozen=True, slots=True)
class _ChatReader:
    """Reads chats into a day, those that are known last, until a limit is met."""

    client: Radist
    window: Window
    limits: Limits
    parse_time: ParseTime
    before: Before
    day: RadistDay

    def read(self, chats: Mapping[int, Chat], on_progress: Callable[[str], None]) -> None:
        known = self.before.known
        order = sorted(chats, key=lambda chat_id: (chat_id in known, chat_id))
        missing: list[int] = []
        refused: ProviderRefused | None = None
        for done, chat_id in enumerate(order, start=1):
            if limit := self._met():
                left = sum(each not in known for each in order[done - 1 :])
                self.day.unread = {limit: left} if left else {}
                break
            try:
                if not self._read_chat(chat_id, chats[chat_id]):
                    missing.append(chat_id)
            except ProviderRefused as problem:
                if problem.status != _GONE:
                    raise
                self.day.gone.add(chat_id)
                refused = problem
            if done % 100 == 0:
                on_progress(f"Radist: {done} of {len(chats)} chats read")
        if refused is not None and len(self.day.gone) == len(order) > 1:
            # Not one is there: then it is not the chats that have gone.
            raise refused
        if not self.day.message_count:
            require_readable(len(self.day.unreadable))
        require_messages(missing)

    def _met(self) -> str | None:
        """The tenant's setting that lets no further chat be read, if one does."""
        day = self.day
        dialogs = len(day.chats) + len(day.unfinished) + len(day.as_stored)
        if dialogs >= self.limits.dialogs:
            return "radist_fetch_limit"
        if dialogs + len(day.silent) >= self.limits.candidates:
            return "max_radist_candidates"
        return None

    def _read_chat(self, chat_id: int, chat: Chat) -> bool:
        """Put a chat where it belongs; False when it shows a message of the day, answering none."""
        day, before = self.day, self.before
        window = Window(self.window.start, before.reached.get(chat_id, self.window.end))
        pages = self.limits.message_pages
        part = read_part(self.client, chat_id, window, pages, self.parse_time)
        if part.has_poison:
            day.with_poison.add(chat_id)
        if part.is_unreadable:
            day.unreadable.add(chat_id)
        if part.reached and chat_id in before.known:
            day.as_stored.add(chat_id)
        elif part.reached:
            day.unfinished[chat_id] = Packed(part.messages)
            day.reached[chat_id] = part.reached
        elif part.messages or chat_id in before.reached:
            day.keep(chat_id, chat, Packed(part.messages))
        elif not part.has_poison and is_in(self.window, last_said(chat[1], self.parse_time)):
            return False
        else:
            day.silent.add(chat_id)
        return True


def _note_left(day: RadistDay, feed: ChatFeed, before: Before) -> None:
    """Note what limits left, and where the next run goes on."""
    waiting = before.reached.keys() - day.chats.keys()
    if unfinished := day.unfinished.keys() | (waiting - feed.found.keys()):
        day.unread["max_radist_message_pages"] = len(unfinished)
    day.reached = {chat_id: before.reached[chat_id] for chat_id in waiting} | day.reached
    # Its pages must be seen again for the chats of theirs that are left.
    day.feed = feed.place.from_the_head() if day.unread else feed.place
    if not (feed.is_whole or before.is_whole):
        day.unread["max_radist_contact_pages"] = None


def _connection_types(connections: Iterable[Payload]) -> dict[int, str]:
    """What messenger each connection is of, where that is said."""
    return {
        int(each["id"]): each["type"]
        for each in connections
        if isinstance(each.get("type"), str) and each["type"]
    }


def raw_rows(day: RadistDay, region: str, parse_time: ParseTime) -> dict[str, Rows]:
    """The day as rows of the ``raw.radist_*`` tables, by table name."""
    return {
        "radist_chats": [
            _chat_row(contact, chat, day.connection_types, region)
            for contact, chat in day.chats.values()
        ],
        "radist_messages": _message_rows(day.messages, parse_time),
    }


def unfinished_rows(day: RadistDay, parse_time: ParseTime) -> Rows:
    """What was read of dialogs that are not whole yet, as rows of messages."""
    return _message_rows(day.unfinished, parse_time)


def _message_rows(dialogs: Mapping[int, Packed], parse_time: ParseTime) -> Rows:
    def made() -> Iterator[tuple[Any, ...]]:
        for chat_id, messages in dialogs.items():
            for message in messages:
                yield _message_row(chat_id, message, parse_time)

    return Late(sum(map(len, dialogs.values())), made)


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
