"""Records that no client can use, planted beside sound ones.

Lives here: the copies of a record with one flaw each, and putting them into an answer. Not here:
when (``switches``: ``amocrm_poison``, ``radist_poison``).

A plant is ``{"entity", "beside", "kind", "place"}``: the copy stands before or after (``place``)
the record whose id is ``beside``, in whatever answer that record is, or in its place (``instead``).
Radist's copies have an id of their own; amoCRM's keep theirs, for contacts are only ever asked for
by id.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

from starlette.responses import Response

Record = dict[str, Any]

ID_NAMES = {"contacts": ("contact_id", "id"), "chats": ("chat_id",), "messages": ("message_id",)}
DATE_NAMES = ("updated_at", "created_at", "last_chat_updated_at")
MEGABYTE = 1024 * 1024


def _changed_id(record: Record, value: Any) -> Record:
    return {**record, _id_name(record): value}


def _changed_date(record: Record) -> Record:
    name = next(name for name in DATE_NAMES if name in record)
    absurd: Any = 99_999_999_999 if isinstance(record[name], int) else "0001-01-01T00:00:00Z"
    return {**record, name: absurd}


KINDS: dict[str, Callable[[Record], Record]] = {
    "nul": lambda record: {**record, "poison": {"deep": ["a\x00b"]}},
    "nul_name": lambda record: {**record, "a\x00b": 1},
    "surrogate": lambda record: {**record, "poison": "\ud83d"},
    "megabyte": lambda record: {**record, "poison": "x" * MEGABYTE},
    "deep": lambda record: {**record, "poison": _nested(200)},
    "absurd_date": _changed_date,
    "null_id": lambda record: _changed_id(record, None),
    "changed_type": lambda record: _changed_id(record, {"was": "a number"}),
    "fraction": lambda record: _changed_id(record, 1.5),
    "huge_id": lambda record: _changed_id(record, 2**63),
}


def with_poison(answer: Response, plants: list[dict[str, str | int]]) -> Response:
    """The same answer with what is planted beside its records; what is not JSON as it is."""
    if not plants or answer.status_code != 200 or "json" not in (answer.media_type or ""):
        return answer
    # Escapes are the only way in which NUL and half characters can be sent.
    body = json.dumps(_planted("", json.loads(bytes(answer.body)), plants), ensure_ascii=True)
    return Response(body, answer.status_code, media_type=answer.media_type)


def _planted(name: str, value: Any, plants: list[dict[str, Any]]) -> Any:
    if isinstance(value, dict):
        return {key: _planted(key, each, plants) for key, each in value.items()}
    if not isinstance(value, list):
        return value
    return [copy for each in value for copy in _surrounded(_planted(name, each, plants), plants)]


def _surrounded(record: Any, plants: list[dict[str, Any]]) -> Iterator[Any]:
    beside = [plant for plant in plants if _is_beside(plant, record)]
    yield from (_copy(record, each) for each in beside if each.get("place") == "before")
    instead = [KINDS[each["kind"]](record) for each in beside if each.get("place") == "instead"]
    yield instead[0] if instead else record
    yield from (
        _copy(record, each) for each in beside if each.get("place") not in ("before", "instead")
    )


def _is_beside(plant: dict[str, Any], record: Any) -> bool:
    """A record of the entity, not a link to one, which has no date and no name."""
    if not isinstance(record, dict) or len(record) < 3 or "is_main" in record:
        return False
    if plant["entity"] == "chats" and "source_chat_id" not in record:
        return False
    return any(
        record.get(name) == plant["beside"] for name in ID_NAMES.get(plant["entity"], ("id",))
    )


def _id_name(record: Record) -> str:
    named = ("message_id", "contact_id", "id")
    if "chats" not in record and "source_chat_id" in record:
        return "chat_id"
    return next(name for name in named if name in record)


def _copy(record: Record, plant: dict[str, Any]) -> Record:
    name = _id_name(record)
    own = record[name]
    if name == "message_id":
        own = f"{own}-{plant['kind']}"
    elif name != "id":
        own = own + 10_000_000_000 * (1 + list(KINDS).index(plant["kind"]))
    return KINDS[plant["kind"]]({**record, name: own})


def _nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value
