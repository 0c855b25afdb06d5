"""The Radist client: companies, connections, chats and messages, as plain rows.

What lives here: paths, parameters and pacing of API v2 (reference §3). What does not: refusals
(``errors``), times (``times``), sending (nothing here writes), storing (``ingestion``).

Every call raises ProviderRefused, RateLimited or ProviderUnavailable, and IncompleteFetch when a
feed cannot be read whole. Poison records are set aside; they still count where a page's size does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from synkro_assets.domain.errors import IncompleteFetch, ProviderUnavailable
from synkro_assets.domain.protocols import Clock, ExchangeLog, Limiter, SetAside
from synkro_assets.providers.backward_pages import BackwardPages, PageSize
from synkro_assets.providers.closing import Closing
from synkro_assets.providers.gate import Gate, Rate
from synkro_assets.providers.http import HttpRoad, Params
from synkro_assets.providers.pagination import Page, Row, walked_pages
from synkro_assets.providers.plain_json import rows_of
from synkro_assets.providers.radist import forms
from synkro_assets.providers.radist.errors import PROVIDER, classify
from synkro_assets.providers.radist.times import format_time, parse_time
from synkro_assets.providers.redaction import Redactor
from synkro_assets.providers.sifting import Sieve, forget

_PAGE = 100


@dataclass(frozen=True, slots=True)
class ChatMessages:
    """A chat's messages, oldest first; truncated when older ones than ``reached`` were left unread.

    ``has_poison`` tells that messages of the window were set aside; ``reached`` counts them. One
    ``is_unreadable`` that has a page as of a provider that changed.
    """

    messages: list[Row]
    is_truncated: bool
    has_poison: bool = False
    reached: datetime | None = None
    is_unreadable: bool = False


class RadistClient(Closing):
    """One Radist company; a context manager."""

    def __init__(self, road: HttpRoad, company_id: int, set_aside: SetAside = forget) -> None:
        self._road = road
        self._sieve = Sieve(PROVIDER, set_aside)
        self._company = f"/companies/{company_id}"
        self._page_size = PageSize()

    def companies(self) -> list[Row]:
        """Every company the key may see."""
        found: dict[Any, Row] = {}
        while True:
            params = (("limit", str(_PAGE)), ("offset", str(len(found))))
            rows = self._list("/companies/", "companies", params)
            before = len(found)
            found.update({row.get("id"): row for row in rows})
            if len(found) == before:
                return list(found.values())

    def connections(self) -> list[Row]:
        """The company's messenger connections: id, type, …"""
        rows = self._answered(f"{self._company}/connections/", "connections")
        return self._sieve.sound(forms.CONNECTIONS, rows)

    def chat_sources(self) -> list[Row]:
        """The connections that can start a chat."""
        return self._list(f"{self._company}/messaging/chats/sources/", "sources")

    def contact_pages(self, cursor: str | None = None) -> Iterator[Page]:
        """Contacts with their chats as they come, from a cursor or the newest activity on.

        The feed moves while it is read; that nobody is lost is ``ingestion/radist_feed.py``'s work.
        """
        return walked_pages(self._contacts_page, cursor)

    def chat_messages(
        self, chat_id: int, since: datetime, until: datetime, max_pages: int
    ) -> ChatMessages:
        """Messages of ``[since, until)`` (aware), oldest first; the newest ``max_pages`` pages."""
        answered = _Answered(self._sieve, since, until)
        feed = BackwardPages(
            fetch=lambda bound: answered.sifted(self._messages_page(chat_id, bound)),
            key=lambda row: row.get("message_id"),
            time_of=lambda row: parse_time(row.get("created_at")),
            limit=_PAGE,
            size=self._page_size,
            is_datable=forms.is_datable,
        )
        messages: list[Row] = []
        reached: datetime | None = None
        is_truncated = False
        pages = feed.read(since, until)
        for number, page in enumerate(pages, start=1):
            is_truncated = number > max_pages
            if is_truncated:
                break
            reached = min((parse_time(row["created_at"]) for row in page), default=reached)
            messages.extend(row for row in page if row["message_id"] not in answered.poison)
        return ChatMessages(
            _oldest_first(messages), is_truncated, answered.has_poison,
            reached if is_truncated else None, answered.is_unreadable,
        )  # fmt: skip

    def close(self) -> None:
        self._road.close()

    def _contacts_page(self, cursor: str | None) -> Page:
        path = f"{self._company}/messaging/chats/with_contacts/"
        params: Params = (("limit", str(_PAGE)),)
        params = (*params, ("cursor", cursor)) if cursor else params
        answer = self._road.get(path, action="chats_with_contacts", params=params)
        rows = self._usable_contacts(_rows(answer, "data"))
        metadata = answer.get("response_metadata") if isinstance(answer, dict) else None
        following = metadata.get("next_cursor") if isinstance(metadata, dict) else None
        sifted = [{**row, "chats": self._sound_chats(row)} for row in rows]
        return Page(sifted, str(following) if following else None)

    def _usable_contacts(self, answered: Sequence[Any]) -> list[Row]:
        sound = {id(row) for row in self._sieve.sound(forms.CONTACTS, answered)}
        usable = (row if id(row) in sound else forms.usable_contact(row) for row in answered)
        return [row for row in usable if row is not None]

    def _sound_chats(self, contact: Row) -> list[Row]:
        chats = self._sieve.sound(forms.CHATS, contact.get("chats") or [])
        return [{**chat, "last_message": forms.last_message_of(chat)} for chat in chats]

    def _messages_page(self, chat_id: int, until: datetime) -> Sequence[Row]:
        params = (
            ("chat_id", str(chat_id)),
            ("limit", str(_PAGE)),
            ("until", format_time(until)),
        )
        return self._answered(f"{self._company}/messaging/messages/", "messages", params)

    def _list(self, path: str, name: str, params: Params = ()) -> list[Row]:
        rows = self._answered(path, name, params)
        if not all(isinstance(row, dict) for row in rows):
            raise _strange()
        return rows

    def _answered(self, path: str, name: str, params: Params = ()) -> list[Any]:
        return _rows(self._road.get(path, action=name, params=params), name)


@dataclass(slots=True)
class _Answered:
    """What a chat's pages held; ``poison`` are ids of messages that are only good for paging."""

    sieve: Sieve
    since: datetime
    until: datetime
    poison: set[Any] = field(default_factory=set)
    has_poison: bool = False
    is_unreadable: bool = False

    def sifted(self, rows: Sequence[Any]) -> Sequence[Any]:
        """The page as it came, its poison told of: a page without it would look like the last."""
        try:
            sound = self.sieve.sound(forms.MESSAGES, rows, self._is_asked)
        except IncompleteFetch:
            # One chat may hold nothing else: whether all do is for the day to judge.
            self.is_unreadable = True
            sound = self.sieve.sound(forms.MESSAGES, rows, self._is_asked, may_all_be_poison=True)
        if len(sound) < len(rows):
            usable = {row["message_id"] for row in sound}
            flawed = [row for row in rows if forms.is_datable(row)]
            self.poison |= {row["message_id"] for row in flawed} - usable
            self.has_poison = True
        return rows

    def _is_asked(self, row: Row) -> bool:
        at = forms.MESSAGES.time_of(row)
        return at is None or self.since <= at < self.until


def client(
    public: Mapping[str, Any],
    secrets: Mapping[str, str],
    *,
    limiter: Limiter,
    log: ExchangeLog,
    clock: Clock,
    set_aside: SetAside = forget,
    **road_options: Any,
) -> RadistClient:
    """The client of an integration's stored fields (``catalog``, kind ``radist``).

    ``set_aside`` is told of records that cannot be used; ``road_options`` are HttpRoad's
    ``timeouts``, ``retry``, ``sleeper`` and ``transport``.
    """
    every = Rate("all", float(public.get("requests_per_second") or 5))
    chats = Rate("chats", float(public.get("chats_per_second") or 1))

    def rates(path: str) -> tuple[Rate, ...]:
        is_slow = "/chats/" in path or "/contacts/" in path
        return (chats, every) if is_slow else (every,)

    gate = Gate(PROVIDER, limiter, log, clock, Redactor(secrets.values()), classify, rates)
    headers = {"X-Api-Key": secrets["api_key"], "Accept": "application/json"}
    road = HttpRoad(gate, public["base_url"], headers=headers, **road_options)
    return RadistClient(road, int(public["company_id"]), set_aside)


def _rows(answer: Any, name: str) -> list[Any]:
    """The rows of a bare list or of one wrapped under ``name``, ``data`` or ``items``."""
    rows = answer
    if isinstance(answer, dict):
        wrapped = [answer[key] for key in (name, "data", "items") if key in answer]
        rows = wrapped[0] if wrapped else None
    if not isinstance(rows, list):
        raise _strange()
    return rows_of(answer, rows)


def _oldest_first(messages: list[Row]) -> list[Row]:
    return sorted(messages, key=lambda row: (parse_time(row["created_at"]), str(row["message_id"])))


def _strange() -> ProviderUnavailable:
    text = f"{PROVIDER} answered in an unknown shape; try again, and check base_url if it stays so"
    return ProviderUnavailable(PROVIDER, text)
