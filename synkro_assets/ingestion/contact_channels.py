"""The phones and e-mails of an amoCRM contact, one by one.

What lives here: reading them out of the contact's custom fields. Finding numbers in a text is
``phones.py``; which contacts are read is ``amocrm.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from synkro_assets.ingestion.phones import phones_in

_BETWEEN_ADDRESSES = re.compile(r"[\s,;|/<>()]+")
_KINDS = {"PHONE": "phone", "EMAIL": "email"}


class Channel(NamedTuple):
    """One phone or e-mail; ``normal`` is None where the text is neither."""

    kind: str
    position: int
    as_written: str
    normal: str | None
    enum_code: str | None
    payload: dict[str, Any]


def channels_of(contact: dict[str, Any], region: str) -> list[Channel]:
    """Every phone and e-mail in the contact's order; a text that holds two numbers gives two."""
    found: list[Channel] = []
    places = dict.fromkeys(_KINDS.values(), 0)
    for kind, item in _items(contact):
        written = str(item["value"])
        # Older answers say ``enum`` where newer ones say ``enum_code``.
        code = item.get("enum_code") or item.get("enum")
        said = None if code is None else str(code)
        for normal in _normal(kind, written, region):
            found.append(Channel(kind, places[kind], written, normal, said, item))
            places[kind] += 1
    return found


def objects_in(value: Any) -> list[dict[str, Any]]:
    """The objects of a list; of anything else none."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _items(contact: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for field in objects_in(contact.get("custom_fields_values")):
        kind = _KINDS.get(str(field.get("field_code")))
        for item in objects_in(field.get("values")) if kind else []:
            if kind and isinstance(item.get("value"), str | int) and str(item["value"]).strip():
                yield kind, item


def _normal(kind: str, written: str, region: str) -> tuple[str | None, ...]:
    if kind == "phone":
        return phones_in(written, region) or (None,)
    words = _BETWEEN_ADDRESSES.split(written.lower())
    addresses = [word.strip("\"'.:").removeprefix("mailto:") for word in words]
    return tuple(dict.fromkeys(filter(_is_address, addresses))) or (None,)


def _is_address(text: str) -> bool:
    name, at, host = text.rpartition("@")
    return bool(at and name) and "." in host.strip(".") and text.split() == [text]
