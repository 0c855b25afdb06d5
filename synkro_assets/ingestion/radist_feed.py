"""Reading Radist's feed of contacts: which chats may have messages of a day.

What lives here: walking the feed, within a tenant's limit of pages and over several runs. Reading
the chats is ``radist.py``.

The feed shows the newest activity first and moves while it is read: a contact that gets a message
jumps to its head. So it is walked down to its end, then from its head again down to a contact that
has not moved since a walk that came to its end saw it: below it nothing has but what shares its
instant, where that is of a whole second or others show it too. So the walk goes on past such an
instant; where that takes more than a page, one answer shows nothing, and two such walks that agree
end the reading.

A limit ends a walk between two pages, and the next run goes on from there. How long Radist honours
a cursor is not known: where it refuses a stored one, the walk starts over. Pages that hold nobody
new are not counted then, or no run would ever come further than the one before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from synkro_assets.domain.business_day import Window
from synkro_assets.domain.errors import IncompleteFetch, ProviderRefused, ProviderUnavailable

Payload = dict[str, Any]
ParseTime = Callable[[str], datetime]

# The order of the feed is inferred from its users, not documented: go on well past the window.
_OLD_BY = timedelta(days=1)
_OLD_PAGES = 2
_MAX_WALKS = 11
# Refusals that speak of what was asked, not of who asks.
_CURSOR_REFUSED = {400, 404, 410, 422}
_LEFT_OF_POISON = {"contact_id", "last_chat_updated_at"}


class ContactPage(Protocol):
    """Contacts with their chats, and the cursor of the next page; None at the end."""

    @property
    def rows(self) -> Sequence[Payload]: ...
    @property
    def next(self) -> str | None: ...


class Contacts(Protocol):
    """What this stage asks of a client."""

    def contact_pages(self, cursor: str | None = None) -> Iterator[ContactPage]: ...


@dataclass(frozen=True, slots=True)
class FeedPlace:
    """How far a feed was walked: contacts by id, each with a mark of its state.

    ``settled`` were seen by walks that came to their end, ``walked`` by the one that goes on at
    ``cursor``; at the head of the feed where that is None.
    """

    cursor: str | None = None
    settled: Mapping[int, str] = field(default_factory=dict)
    walked: Mapping[int, str] = field(default_factory=dict)

    @classmethod
    def stored(cls, place: dict[str, Any] | None) -> FeedPlace:
        """A place as it was stored; the head of an unknown feed where none is."""
        if not place:
            return cls()
        settled, walked = (
            {int(contact_id): mark for contact_id, mark in place[name].items()}
            for name in ("settled", "walked")
        )
        return cls(place["cursor"], settled, walked)

    def to_store(self) -> dict[str, Any]:
        return {"cursor": self.cursor, "settled": self.settled, "walked": self.walked}

    def from_the_head(self) -> FeedPlace:
        """For a run that needs all chats again: nobody is new, and nothing ends a walk early."""
        return FeedPlace(None, {}, {**self.settled, **self.walked})


@dataclass(slots=True)
class _Walk:
    """One way down the feed: its pages, what they held, and what ended it.

    ``still_at`` is the newest activity of a contact that has not moved.
    """

    pages: int = 0
    marks: dict[int, str] = field(default_factory=dict)
    still_at: datetime | None = None
    had_news: bool = False
    is_cut: bool = False
    is_at_end: bool = False


@dataclass(slots=True)
class ChatFeed:
    """The chats whose last message is not older than the window, with their contacts.

    ``found`` is what this run saw of them, ``is_whole`` whether the runs together saw all, and
    ``is_listed`` whether this run alone did.
    """

    client: Contacts
    window: Window
    parse_time: ParseTime
    most_pages: int
    before: FeedPlace = field(default_factory=FeedPlace)
    found: dict[int, tuple[Payload, Payload]] = field(default_factory=dict)
    is_whole: bool = False
    _cursor: str | None = None
    _settled: dict[int, str] = field(default_factory=dict)
    _walked: dict[int, str] = field(default_factory=dict)
    _new_pages: int = 0

    @property
    def is_listed(self) -> bool:
        return self.is_whole and self.before.cursor is None and not self.before.settled

    @property
    def place(self) -> FeedPlace:
        """Where the next run goes on."""
        return FeedPlace(self._cursor, self._settled, self._walked)

    def read(self) -> None:
        """Walk the feed until one answer, or two walks that agree, show all, or to the limit."""
        self._cursor = self.before.cursor
        self._settled, self._walked = dict(self.before.settled), dict(self.before.walked)
        quiet: dict[int, str] | None = None
        for _ in range(_MAX_WALKS):
            starts_at_head = self._cursor is None
            walk = self._walk()
            if walk.is_cut:
                return
            self._settled, self._walked = {**self._settled, **self._walked}, {}
            self._cursor = None
            is_one_moment = starts_at_head and walk.pages <= 1
            is_quiet = starts_at_head and not walk.had_news
            if (is_one_moment and (walk.is_at_end or is_quiet)) or (
                is_quiet and walk.marks == quiet
            ):
                self.is_whole = True
                return
            quiet = walk.marks if is_quiet else None
        raise IncompleteFetch(
            f"Radist's list of chats still changed after {_MAX_WALKS - 1} readings: nothing of "
            "this day was stored, run it again"
        )

    def _walk(self) -> _Walk:
        """From the cursor down to the end, to well before the window or to what has not moved."""
        walk, old_pages = _Walk(), 0
        for page in self._pages():
            walk.pages += 1
            marks = {int(contact["contact_id"]): _mark(contact) for contact in page.rows}
            has_news = any(each not in self._settled and each not in self._walked for each in marks)
            if has_news and self._new_pages == self.most_pages:
                walk.is_cut = True
                return walk
            self._new_pages += has_news
            walk.had_news = walk.had_news or has_news
            for contact in page.rows:
                self._keep_candidates(contact)
            self._walked.update(marks)
            walk.marks.update(marks)
            self._cursor, walk.is_at_end = page.next, not page.next
            old_pages = old_pages + 1 if self._is_old(page.rows) else 0
            is_past = self._is_past_what_is_still(walk, page.rows)
            if (is_past and not has_news) or old_pages == _OLD_PAGES:
                break
        return walk

    def _is_past_what_is_still(self, walk: _Walk, page: Sequence[Payload]) -> bool:
        """Whether the page reaches below a contact that has not moved, and below its crowd."""
        times = {int(each["contact_id"]): self._active_at(each) for each in page}
        still = [
            times[int(each["contact_id"])]
            for each in page
            if self._settled.get(int(each["contact_id"])) == _mark(each)
        ]
        walk.still_at = max((at for at in (walk.still_at, *still) if at), default=None)
        if walk.still_at is None:
            return False
        of_that_instant = sum(at == walk.still_at for at in times.values())
        # To the second many may be active at once; a fraction of it that one alone has is its own.
        is_its_own = walk.still_at.microsecond != 0 and of_that_instant == 1
        return is_its_own or any(at < walk.still_at for at in times.values() if at)

    def _active_at(self, contact: Payload) -> datetime | None:
        return moment(contact.get("last_chat_updated_at"), self.parse_time)

    def _pages(self) -> Iterator[ContactPage]:
        may_be_old = self._cursor is not None
        try:
            for page in self.client.contact_pages(self._cursor):
                may_be_old = False
                yield page
            return
        except ProviderRefused as refused:
            if not may_be_old or refused.status not in _CURSOR_REFUSED:
                raise
        self._cursor = None
        yield from self.client.contact_pages()

    def _is_old(self, page: Sequence[Payload]) -> bool:
        newest = [self._active_at(contact) for contact in page]
        return all(at is not None and at < self.window.start - _OLD_BY for at in newest)

    def _keep_candidates(self, contact: Payload) -> None:
        person = {key: value for key, value in contact.items() if key != "chats"}
        for chat in contact.get("chats") or []:
            if chat.get("last_message") is None:
                continue
            at = last_said(chat, self.parse_time)
            # Of a contact set aside hardly more than its id is left: a whole one goes before.
            if int(chat["chat_id"]) in self.found and person.keys() <= _LEFT_OF_POISON:
                continue
            # A chat whose last message cannot be dated may have spoken: only its messages tell.
            if at is None or at >= self.window.start:
                self.found[int(chat["chat_id"])] = (person, chat)


def last_said(chat: Payload, parse_time: ParseTime) -> datetime | None:
    """When a chat's last message was written; None if the feed of contacts does not tell."""
    return moment((chat.get("last_message") or {}).get("created_at"), parse_time)


def is_in(window: Window, at: datetime | None) -> bool:
    return at is not None and at in window


def moment(written: Any, parse_time: ParseTime) -> datetime | None:
    """A time as Radist wrote it; None where that is none."""
    try:
        return parse_time(written) if isinstance(written, str) else None
    except (ProviderUnavailable, ValueError):
        return None


def _mark(contact: Payload) -> str:
    """Differs once a contact has new activity: it is then in another place of the feed."""
    chats = [
        (chat.get("chat_id"), (chat.get("last_message") or {}).get("created_at"))
        for chat in contact.get("chats") or []
    ]
    state = repr((contact.get("last_chat_updated_at"), chats))
    return hashlib.sha256(state.encode()).hexdigest()[:12]
