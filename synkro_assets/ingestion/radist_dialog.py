"""Reading one chat's messages of a day, as far as one run may.

What lives here: where the parts of a long dialog meet. Which chats are read is ``radist.py``;
paging backwards is ``providers/pagination.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from synkro_assets.domain.business_day import Window
from synkro_assets.domain.errors import IncompleteFetch
from synkro_assets.ingestion.radist_feed import ParseTime

Payload = dict[str, Any]

# Servers may cut a bound to milliseconds, so that is where parts meet.
_BOUND = timedelta(milliseconds=1)


class ChatMessages(Protocol):
    """A chat's messages of a window; truncated when older ones than ``reached`` were left unread.

    ``has_poison`` tells that some of the window's cannot be used, ``is_unreadable`` that they look
    as if a provider had changed.
    """

    @property
    def messages(self) -> list[Payload]: ...
    @property
    def is_truncated(self) -> bool: ...
    @property
    def has_poison(self) -> bool: ...
    @property
    def reached(self) -> datetime | None: ...
    @property
    def is_unreadable(self) -> bool: ...


class Messages(Protocol):
    """What this stage asks of a client: the newest pages of a chat's messages of a window."""

    def chat_messages(
        self, chat_id: int, since: datetime, until: datetime, max_pages: int
    ) -> ChatMessages: ...


@dataclass(frozen=True, slots=True)
class Part:
    """Messages of a dialog; older ones than ``reached`` are left unless it is None."""

    messages: list[Payload]
    has_poison: bool
    reached: datetime | None = None
    is_unreadable: bool = False


def read_part(
    client: Messages, chat_id: int, window: Window, max_pages: int, parse_time: ParseTime
) -> Part:
    """The newest messages of a chat in a window, every one down to where the part ends.

    Raises IncompleteFetch when more of them share one millisecond than a run may read.
    """
    found = client.chat_messages(chat_id, window.start, window.end, max_pages)
    if not found.is_truncated:
        return Part(found.messages, found.has_poison, None, found.is_unreadable)
    # Of the oldest moment read there may be more on the next page.
    reached = _just_after(found.reached) if found.reached else window.end
    if reached >= window.end:
        raise IncompleteFetch(
            f"chat {chat_id} has more messages in one moment than {max_pages} pages hold: raise "
            "max_radist_message_pages"
        )
    whole = [each for each in found.messages if parse_time(each["created_at"]) >= reached]
    return Part(whole, found.has_poison, reached, found.is_unreadable)


def _just_after(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000) + _BOUND
