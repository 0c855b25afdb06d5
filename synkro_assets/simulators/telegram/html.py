"""Telegram's HTML parse mode.

Lives here: text with tags to plain text with entities, refusing what Telegram refuses. Not here:
lengths and limits (``sending``).
"""

import html
import re
from typing import Any

KINDS = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline",
    "ins": "underline", "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough",
    "code": "code", "pre": "pre", "a": "text_link", "blockquote": "blockquote",
    "tg-spoiler": "spoiler", "span": "spoiler", "tg-emoji": "custom_emoji",
}  # fmt: skip
_TAG = re.compile(
    r"<(/?)([a-zA-Z][a-zA-Z0-9-]*)((?:\s+[a-zA-Z-]+(?:=(?:\"[^\"]*\"|'[^']*'|[^\s>]+))?)*)\s*>"
)
_HREF = re.compile(r"href=(?:\"([^\"]*)\"|'([^']*)'|([^\s>]+))")
_ENTITY = re.compile(r"&(?:#\d+|#x[0-9a-fA-F]+|lt|gt|amp|quot);")


class CannotParse(ValueError):
    """Text that Telegram refuses with "can't parse entities"."""


def utf16_length(text: str) -> int:
    """The length in UTF-16 code units, as Telegram counts."""
    return len(text.encode("utf-16-le")) // 2


def parsed(text: str) -> tuple[str, list[dict[str, Any]]]:
    """The text without tags, and its entities."""
    plain: list[str] = []
    length = 0
    opened: list[tuple[str, int, str]] = []
    entities: list[dict[str, Any]] = []
    position = 0
    while position < len(text):
        if text[position] == "<":
            match = _TAG.match(text, position)
            at = len(text[:position].encode())
            if match is None:
                raise CannotParse(f"Unsupported start tag at byte offset {at}")
            closing, name, attributes = match.group(1), match.group(2).lower(), match.group(3)
            if name not in KINDS or (
                name == "span" and not closing and "tg-spoiler" not in attributes
            ):
                raise CannotParse(f'Unsupported start tag "{name}" at byte offset {at}')
            if closing:
                _close(name, at, length, opened, entities)
            else:
                opened.append((name, length, attributes))
            position = match.end()
            continue
        chunk = text[position : _next(text, position)]
        position += len(chunk)
        shown = _ENTITY.sub(lambda found: html.unescape(found.group()), chunk)
        plain.append(shown)
        length += utf16_length(shown)
    if opened:
        raise CannotParse(f'Can\'t find end tag corresponding to start tag "{opened[-1][0]}"')
    return "".join(plain), entities


def _next(text: str, position: int) -> int:
    found = text.find("<", position)
    return len(text) if found < 0 else found


def _close(
    name: str,
    at: int,
    length: int,
    opened: list[tuple[str, int, str]],
    entities: list[dict[str, Any]],
) -> None:
    if not opened:
        raise CannotParse(f"Unexpected end tag at byte offset {at}")
    start_name, start, attributes = opened.pop()
    if start_name != name:
        raise CannotParse(
            f'Unmatched end tag at byte offset {at}, expected "</{start_name}>", found "</{name}>"'
        )
    if length == start:
        return
    entity: dict[str, Any] = {"type": KINDS[name], "offset": start, "length": length - start}
    link = _HREF.search(attributes)
    if name == "a":
        if link is None:
            return
        entity["url"] = html.unescape(next(part for part in link.groups() if part is not None))
    entities.append(entity)
