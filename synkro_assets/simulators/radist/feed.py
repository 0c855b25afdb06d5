"""The feed of contacts with their chats, and the messages of a chat.

Lives here: cursors, ``until``, the newest-first order. Not here: sending (``sending``).
"""

import base64
import json
from bisect import bisect_left, bisect_right
from datetime import datetime, timedelta
from typing import Any

from starlette.responses import JSONResponse, Response

from synkro_assets.simulators.clock import parse_instant
from synkro_assets.simulators.present import last_activity
from synkro_assets.simulators.world.model import Person

from .answers import message, mixed_iso
from .door import Visit
from .sending import put_message


class BadParameter(ValueError):
    """A query parameter that Radist answers with 400."""


def _limit(visit: Visit) -> int:
    text = visit.request.query_params.get("limit", "100")
    if not text.isdigit() or int(text) < 1:
        raise BadParameter("limit must be a positive integer")
    return min(int(text), int(visit.state.switches["radist_max_limit"]))


def _cursor(document: list[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).decode()


def _opened(text: str) -> list[Any]:
    try:
        opened: list[Any] = json.loads(base64.urlsafe_b64decode(text.encode()))
        return opened
    except ValueError as error:
        raise BadParameter("cursor is invalid") from error


def _key(person: Person) -> tuple[datetime, int]:
    return last_activity(person), person.id


def _page(visit: Visit, limit: int) -> tuple[list[Person], str | None]:
    """The people of this page, and the cursor of the next one."""
    people = sorted(visit.present.people(), key=_key, reverse=True)
    text = visit.request.query_params.get("cursor")
    first = 0
    if text:
        if visit.state.switches["radist_cursor_expired"]:
            raise BadParameter("cursor has expired")
        opened = _opened(text)
        if opened[0] == "offset":
            first = int(opened[1])
        else:
            after = (datetime.fromisoformat(opened[1]), int(opened[2]))
            first = sum(1 for person in people if _key(person) >= after)
    chosen = people[first : first + limit]
    if first + limit >= len(people):
        return chosen, None
    if visit.state.switches["radist_cursor"] == "offset":
        return chosen, _cursor(["offset", first + limit])
    moment, person_id = _key(chosen[-1])
    return chosen, _cursor(["key", moment.isoformat(), person_id])


def _person(person: Person, media_expires_at: datetime | None) -> dict[str, Any]:
    last = last_activity(person)
    return {
        "contact_id": person.id,
        "contact_name": person.name,
        "avatar_url": None,
        "is_group": person.is_group,
        "unanswered_count": sum(_unanswered(chat.messages) for chat in person.chats),
        "last_chat_updated_at": mixed_iso(last, f"activity {person.id}"),
        "chats": [
            {
                "chat_id": chat.id,
                "connection_id": chat.connection_id,
                "source_chat_id": chat.source_chat_id,
                "phone": chat.phone,
                "last_message": (
                    message(chat.messages[-1], chat, media_expires_at) if chat.messages else None
                ),
            }
            for chat in person.chats
        ],
    }


def _media_expiry(visit: Visit) -> datetime | None:
    is_expiring = visit.state.switches["radist_expiring_media"]
    return visit.present.now + timedelta(hours=1) if is_expiring else None


def _unanswered(messages: list[Any]) -> int:
    count = 0
    for row in reversed(messages):
        if row.direction != "inbound":
            break
        count += 1
    return count


async def with_contacts(visit: Visit) -> Response:
    """``GET …/messaging/chats/with_contacts/``, newest activity first."""
    try:
        chosen, cursor = _page(visit, _limit(visit))
    except BadParameter as error:
        return visit.refuse(400, str(error))
    metadata: dict[str, Any] = {"next_cursor": cursor}
    if cursor is None:
        ending = visit.state.switches["radist_end_cursor"]
        metadata = {} if ending == "absent" else {"next_cursor": "" if ending == "empty" else None}
    data = [_person(person, _media_expiry(visit)) for person in chosen]
    if visit.state.switches["radist_touch_between_pages"] and cursor is not None:
        _touch_next(visit, chosen[-1])
    return JSONResponse({"data": data, "response_metadata": metadata})


def _touch_next(visit: Visit, last: Person) -> None:
    """The contact behind the page's last one writes: it leaves the page that is read next."""
    people = visit.present.people()
    behind = max((person for person in people if _key(person) < _key(last)), key=_key)
    put_message(visit.state, visit.world, behind.chats[0], "inbound", "?")


async def messages(visit: Visit) -> Response:
    """``GET …/messaging/messages/``: a bare list, newest first, back from ``until``."""
    parameters = visit.request.query_params
    chat_text = parameters.get("chat_id", "")
    if not chat_text.isdigit():
        return visit.refuse(400, "chat_id is required")
    chat = visit.present.chat(int(chat_text))
    if chat is None:
        return visit.refuse(404, "Chat not found")
    rows = chat.messages
    try:
        limit = _limit(visit)
        end = len(rows)
        if parameters.get("until"):
            until = parse_instant(parameters["until"])
            cut = bisect_right if visit.state.switches["radist_until_inclusive"] else bisect_left
            end = cut(rows, until, key=lambda row: row.created_at)
    except ValueError as error:
        return visit.refuse(400, str(error))
    chosen = rows[max(0, end - limit) : end]
    expires_at = _media_expiry(visit)
    return JSONResponse([message(row, chat, expires_at) for row in reversed(chosen)])
