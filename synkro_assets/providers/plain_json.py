"""Answers whose text alone proves that no record in them has a flaw of content.

What lives here: the proof and the mark of what was proved. What a flaw of content is, and finding
it in a record, is ``domain/soundness.py``; this takes a third of the time at most, as it walks
through no values, which lie spread in memory.
"""

from __future__ import annotations

from typing import Any

from synkro_assets.domain.soundness import DEEPEST, LONGEST_TEXT_BYTES

_NOT_BRACKETS_OR_QUOTES = bytes(set(range(256)) - set(b'[]{}"'))


class PlainObject(dict[str, Any]):
    """An answer without a flaw of content."""


class PlainRows(list[Any]):
    """Rows of an answer without a flaw of content, or the answer itself."""


def marked(value: Any, body: bytes) -> Any:
    """What was read of ``body`` by a parser that takes only whole characters, marked if plain."""
    if isinstance(value, dict) and _is_plain(body):
        return PlainObject(value)
    if isinstance(value, list) and _is_plain(body):
        return PlainRows(value)
    return value


def rows_of(answer: Any, rows: list[Any]) -> list[Any]:
    """The rows of an answer, marked if it is."""
    return PlainRows(rows) if isinstance(answer, PlainObject | PlainRows) else rows


def _is_plain(body: bytes) -> bool:
    """Whether no text in it is too long or holds a NUL, and nothing is nested too deep.

    False only says that its records have to be looked through.
    """
    if len(body) > LONGEST_TEXT_BYTES:
        return False
    unescaped = body
    # Finding none at all takes a hundredth of looking for each of the three.
    if b"\\" in body:
        unescaped = body.replace(b"\\\\", b"").replace(b'\\"', b"")
        if b"\\u0000" in unescaped:
            return False
    left = unescaped.translate(None, _NOT_BRACKETS_OR_QUOTES).replace(b'""', b"")
    # A quote is left where a text holds brackets; what is left else is the nesting and no more.
    if b'"' in left:
        return False
    for _ in range(DEEPEST):
        left = left.replace(b"{}", b"").replace(b"[]", b"")
    return not left
