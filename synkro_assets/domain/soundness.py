"""What makes a provider's record unusable, and how a record that was set aside is told of.

What lives here: the flaws, as pure questions about a parsed record. What does not: which fields a
record is read by (the providers' clients), where set aside records go (``ingestion/quarantine``).

A flaw is of **form** when a field Synkro reads by is not what it should be, of **content** when the
database could not hold the record. Unknown fields, unknown values and odd optional fields are none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic_core import to_json

from synkro_assets.domain.errors import IncompleteFetch

# Twice what the longest message of any messenger takes, and half of what a pasted file would.
LONGEST_TEXT_BYTES = 512 * 1024
# An index entry of PostgreSQL holds 2,704 bytes, with the rest of the key in it.
_LONGEST_KEY = 256
DEEPEST = 60
_IDS = range(1, 2**63)
_EARLIEST, _LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2101, 1, 1, tzinfo=UTC)
_SANE_SECONDS = range(int(_EARLIEST.timestamp()), int(_LATEST.timestamp()))
# Fewer may all have come by the same accident; nobody breaks this many in a row but the provider.
TELLING_ROWS = 10

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_CONTAINERS = (dict, list)
_ESCAPED_NUL = rb"\u0000"
_LONGEST_FIELD_NAME = 80

Check = Callable[[Any], str | None]
"""What is wrong with a field's value, as the end of a sentence; None when nothing is."""
Form = Mapping[str, Check]
"""The fields a record is read by, and the check of each."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """One short sentence that names the field; ``is_of_form`` as the module says."""

    reason: str
    is_of_form: bool


@dataclass(frozen=True, slots=True)
class PoisonRecord:
    """A record that cannot be used; ``at`` (aware) is when it is of, where that can be told."""

    entity: str
    record: Any
    reason: str
    provider_id: str | None = None
    at: datetime | None = None

    def as_text(self) -> str:
        """The record as JSON in ASCII, which any table can hold."""
        try:
            return json.dumps(self.record, ensure_ascii=True, sort_keys=True)
        except RecursionError:
            return json.dumps("nested too deep to be written")


def flaw_of(
    record: Any, form: Form, apart: str | None = None, *, is_plain: bool = False
) -> Flaw | None:
    """The first flaw of a record; the field ``apart`` is not looked into, it is judged alone.

    One that ``is_plain`` is known to have no flaw of content.
    """
    if not isinstance(record, dict):
        return Flaw("the record is no object", is_of_form=True)
    for name, check in form.items():
        if said := check(record.get(name)):
            return Flaw(f"{name} {said}", is_of_form=True)
    if is_plain:
        return None
    rest = {key: value for key, value in record.items() if key != apart} if apart else record
    if _is_plainly_sound(rest):
        return None
    said = next(_flaws_of_content(rest), None)
    return Flaw(said, is_of_form=False) if said else None


def are_of_form(records: Sequence[Any], form: Form) -> bool:
    """Whether all are objects without a flaw of form, asked field by field: a third of the time.

    False only says that each has to be looked at.
    """
    if not set(map(type, records)) <= {dict}:
        return False
    return all(
        _is_passed_by_all(check, [record.get(name) for record in records])
        for name, check in form.items()
    )


def _is_passed_by_all(check: Check, values: list[Any]) -> bool:
    bounds = _IDS if check is identifier else _SANE_SECONDS if check is unix_seconds else None
    if bounds is None:
        return not any(map(check, values))
    is_whole = set(map(type, values)) <= {int}
    return is_whole and (not values or (min(values) in bounds and max(values) in bounds))


def require_sound_rows(provider: str, entity: str, flaws: list[Flaw | None]) -> None:
    """Raise IncompleteFetch when every one of many rows has a flaw of form.

    That is no poison record but a provider that changed: setting all of them aside would make an
    empty day of it.
    """
    if len(flaws) >= TELLING_ROWS and all(flaw and flaw.is_of_form for flaw in flaws):
        raise IncompleteFetch(
            f"{provider} answered {len(flaws)} {entity} none of which can be read "
            f"({flaws[0].reason if flaws[0] else ''}): nothing of this day was stored"
        )


def identifier(value: Any) -> str | None:
    """A whole number above zero that a bigint holds."""
    if type(value) is int:
        return None if value in _IDS else "is out of range"
    return "is missing or null" if value is None else "is no whole number"


def key(value: Any) -> str | None:
    """A short text, or an identifier."""
    if not isinstance(value, str):
        return identifier(value)
    if not value.strip():
        return "is empty"
    if _UNSTORABLE.search(value):
        return "holds a character that cannot be stored"
    return None if len(value) <= _LONGEST_KEY else "is too long"


def unix_seconds(value: Any) -> str | None:
    """Unix seconds of this century."""
    if type(value) is int:
        return None if value in _SANE_SECONDS else "is an absurd date"
    return "is missing or null" if value is None else "is no whole number of seconds"


def text(value: Any) -> str | None:
    """A text that says something."""
    if not isinstance(value, str):
        return "is missing or null" if value is None else "is no text"
    return None if value.strip() else "is empty"


def optional_text(value: Any) -> str | None:
    return None if value is None or isinstance(value, str) else "is no text"


def optional_flag(value: Any) -> str | None:
    return None if value is None or isinstance(value, bool) else "is neither true nor false"


def optional_list(value: Any) -> str | None:
    return None if value is None or isinstance(value, list) else "is no list"


def instant_of_seconds(value: Any) -> datetime | None:
    """The moment of unix seconds; None for what is none or is absurd."""
    if type(value) is not int or value not in _SANE_SECONDS:
        return None
    return datetime.fromtimestamp(value, UTC)


def is_sane(moment: datetime) -> bool:
    """Whether something can have happened at a moment (aware): from 2000 through 2100."""
    return _EARLIEST <= moment < _LATEST


def _is_plainly_sound(record: dict[str, Any]) -> bool:
    """Whether a record has no flaw of content, at a tenth of what finding one in it costs.

    False only says that it has to be looked through.
    """
    try:
        written = to_json(record)
    except ValueError:
        # Half a character, or deeper than any writer goes.
        return False
    # As many brackets as a record may be deep cannot be deeper than that.
    is_shallow = written.count(b"{") + written.count(b"[") <= DEEPEST or _is_shallow(record)
    return is_shallow and len(written) <= LONGEST_TEXT_BYTES and _ESCAPED_NUL not in written


def _is_shallow(record: dict[str, Any]) -> bool:
    level: list[Any] = [record]
    for _ in range(DEEPEST):
        level = [
            child
            for each in level
            for child in (each.values() if isinstance(each, dict) else each)
            if isinstance(child, _CONTAINERS)
        ]
        if not level:
            return True
    return False


def _flaws_of_content(record: dict[str, Any]) -> Iterator[str]:
    """Walks without recursion: how deep a record is nested is one of the questions."""
    waiting: list[tuple[str, Any, int]] = [("the record", record, 0)]
    while waiting:
        name, value, depth = waiting.pop()
        if isinstance(value, str):
            if said := _flaw_of_text(value):
                yield f"{name} {said}"
        elif isinstance(value, dict | list):
            if depth >= DEEPEST:
                yield f"{name} is nested too deep"
                return
            children = value.items() if isinstance(value, dict) else enumerate(value)
            yield from (f"a name in {name} {said}" for said in _flaws_of_names(value))
            waiting.extend((_path(name, depth, child), each, depth + 1) for child, each in children)


def _path(name: str, depth: int, child: Any) -> str:
    path = str(child) if depth == 0 else f"{name}.{child}"
    plain = path.encode("ascii", "backslashreplace").decode().replace("\x00", "\\x00")
    return plain if len(plain) <= _LONGEST_FIELD_NAME else f"{plain[:_LONGEST_FIELD_NAME]}…"


def _flaws_of_names(value: dict[str, Any] | list[Any]) -> Iterator[str]:
    for name in value if isinstance(value, dict) else ():
        if said := _flaw_of_text(name):
            yield said


def _flaw_of_text(text: str) -> str | None:
    found = _UNSTORABLE.search(text)
    if found:
        return "holds a NUL byte" if found.group() == "\x00" else "holds half a character"
    # Four bytes are the most that a character takes.
    if len(text) * 4 > LONGEST_TEXT_BYTES and len(text.encode()) > LONGEST_TEXT_BYTES:
        return f"is longer than {LONGEST_TEXT_BYTES // 1024} KiB"
    return None
