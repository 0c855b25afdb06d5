"""Providers in memory, small enough that limits of one or two cut their days everywhere.

What lives here: what such a company has and how it answers, page by page. Running days over it is
``test_limits_in_any_world``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from synkro_assets.domain.business_day import Window
from synkro_assets.domain.errors import ProviderRefused
from synkro_assets.domain.soundness import PoisonRecord
from synkro_assets.providers.pagination import Page
from synkro_assets.providers.radist.client import ChatMessages

Row = dict[str, Any]
SetAside = Callable[[PoisonRecord], None]

CONTACTS_ON_A_PAGE = 2
MESSAGES_ON_A_PAGE = 3


@dataclass(frozen=True, slots=True)
class Lead:
    """A lead of the day; ``listed`` is where amoCRM shows it."""

    listed: str
    second: int
    contacts: frozenset[int]


@dataclass
class Company:
    """An amoCRM and what was asked of it since ``next_run``."""

    leads: Sequence[Lead]
    window: Window
    set_aside: SetAside = lambda _: None
    contacts_asked: int = 0
    asked: int = 0

    def next_run(self, set_aside: SetAside) -> None:
        self.set_aside, self.contacts_asked = set_aside, 0

    def ids(self, *listed: str) -> set[int]:
        return {number for number, lead in self._numbered() if lead.listed in listed}

    def account(self) -> Row:
        return {"id": 1}

    def users(self) -> list[Row]:
        return []

    pipelines = loss_reasons = users

    def events(self, start: datetime, end: datetime, types: tuple[str, ...]) -> list[Row]:
        named = self.ids("named", "nowhere") | {
            number for number, lead in self._numbered() if lead.second % 2
        }
        about = {"type": types[0], "entity_type": "lead", "created_at": self._stamp(0)}
        return [{"id": f"e{each}", "entity_id": each, **about} for each in named]

    def leads_updated(self, start: datetime, end: datetime) -> Iterator[Row]:
        return self._listed(start, "updated", "poison")

    def deleted_leads(self, start: datetime, end: datetime) -> Iterator[Row]:
        return self._listed(start, "trash")

    def leads_by_id(self, ids: Iterable[int]) -> list[Row]:
        wanted = set(ids) & self.ids("named", "updated")
        return [self._shown(number, lead) for number, lead in self._numbered() if number in wanted]

    def contacts_by_id(self, ids: Iterable[int], more: Callable[[], Iterable[int]]) -> list[Row]:
        wanted = [*ids, *more()]
        self.contacts_asked += len(wanted)
        return [{"id": each, "updated_at": self._stamp(0)} for each in wanted]

    def _listed(self, start: datetime, *listed: str) -> Iterator[Row]:
        for number, lead in sorted(self._numbered(), key=lambda each: (each[1].second, each[0])):
            if lead.listed not in listed or self._stamp(lead.second) < start.timestamp():
                continue
            if lead.listed == "poison":
                self.set_aside(PoisonRecord("leads", {"poison": number}, "no stage", str(number)))
            else:
                yield self._shown(number, lead)

    def _shown(self, number: int, lead: Lead) -> Row:
        links = [{"id": each, "is_main": False} for each in sorted(lead.contacts)]
        row = {"id": number, "updated_at": self._stamp(lead.second)}
        return {**row, "is_deleted": lead.listed == "trash", "_embedded": {"contacts": links}}

    def _numbered(self) -> list[tuple[int, Lead]]:
        return list(enumerate(self.leads, start=1))

    def _stamp(self, second: int) -> int:
        return int(self.window.start.timestamp()) + second


@dataclass
class Chat:
    """Minutes of the day at which something was said, and of the day after."""

    said: Sequence[int]
    last: int


@dataclass
class Messenger:
    """A Radist and what was asked of it since ``next_run``."""

    chats: dict[int, Chat]
    window: Window
    chats_asked: int = 0
    _given: set[str] = field(default_factory=set)

    def next_run(self, jumps: int | None, *, forgets: bool) -> None:
        """Another run begins; since the last, a chat may have spoken and cursors expired."""
        self.chats_asked = 0
        if forgets:
            self._given.clear()
        if jumps in self.chats:
            newest = max(chat.last for chat in self.chats.values())
            self.chats[jumps].last = max(newest, 1440) + 1

    def connections(self) -> list[Row]:
        return [{"id": 1, "type": "whatsapp"}]

    def contact_pages(self, cursor: str | None = None) -> Iterator[Page]:
        if cursor is not None and cursor not in self._given:
            raise ProviderRefused("Radist", "the cursor has expired", status=400)
        while True:
            order = sorted((-chat.last, number) for number, chat in self.chats.items())
            if cursor is not None:
                order = [each for each in order if each > tuple(map(int, cursor.split("|")))]
            chosen, rest = order[:CONTACTS_ON_A_PAGE], order[CONTACTS_ON_A_PAGE:]
            cursor = "|".join(map(str, chosen[-1])) if rest else None
            self._given |= {cursor} if cursor else set()
            yield Page([self._contact(number) for _, number in chosen], cursor)
            if cursor is None:
                return

    def chat_messages(
        self, chat_id: int, since: datetime, until: datetime, max_pages: int
    ) -> ChatMessages:
        self.chats_asked += 1
        said = self.chats[chat_id].said
        rows = [self._message(chat_id, place, minute) for place, minute in enumerate(said)]
        rows = [
            each for each in rows if since <= datetime.fromisoformat(each["created_at"]) < until
        ]
        rows.sort(key=lambda each: (each["created_at"], each["message_id"]))
        kept = rows[-MESSAGES_ON_A_PAGE * max_pages :]
        reached = datetime.fromisoformat(kept[0]["created_at"]) if kept else None
        return ChatMessages(kept, len(kept) < len(rows), reached=reached)

    def _message(self, chat_id: int, place: int, minute: int) -> Row:
        row = {"message_id": f"{chat_id}-{place}", "created_at": self._at(minute).isoformat()}
        return {**row, "direction": "inbound", "message_type": "text", "text": {"text": "hi"}}

    def _contact(self, number: int) -> Row:
        at = self._at(self.chats[number].last).isoformat()
        chat = {"chat_id": number, "connection_id": 1, "last_message": {"created_at": at}}
        return {"contact_id": number, "last_chat_updated_at": at, "chats": [chat]}

    def _at(self, minute: int) -> datetime:
        return self.window.start + timedelta(minutes=minute)


leads = st.lists(
    st.builds(
        Lead,
        st.sampled_from(["updated", "updated", "trash", "named", "nowhere", "poison"]),
        st.integers(0, 3),
        st.frozensets(st.integers(1, 6), max_size=5),
    ),
    max_size=9,
)


@st.composite
def chats(draw: st.DrawFn) -> dict[int, Chat]:
    """Chats of the day, at most two messages in one moment; some spoke only the day after."""
    minutes = st.lists(st.sampled_from([1, 1, 2, 2, 3, 4, 5, 6, 7, 8]), max_size=12)
    found = {}
    for number in range(1, draw(st.integers(0, 7)) + 1):
        said = [each for each in range(9) for _ in range(min(2, draw(minutes).count(each)))]
        last = max(said, default=1440 + draw(st.integers(1, 9)))
        found[number] = Chat(said, last)
    return found
