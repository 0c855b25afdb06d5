"""Any value as a jsonb text that PostgreSQL takes, and that is never larger than it may be.

What lives here: what jsonb cannot hold (NUL, half characters, numbers without a value) and the cut
with its mark. What a payload may say at all is decided where it is made (``providers/payloads``).
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

LARGEST_BYTES = 16 * 1024
CUT, BEGINNING = "_cut", "_beginning"

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_DEEPEST = 50
# jsonb writes numbers out in full, so an exponent would take more room than it seems to.
_LARGEST_NUMBER, _SMALLEST_NUMBER = 10**18, 1e-6


def storable(text: str) -> str:
    """``text`` without the characters that PostgreSQL refuses."""
    return _UNSTORABLE.sub("\ufffd", text)


def jsonb_text(value: Any) -> str | None:
    """``value`` as it is to be stored, at most LARGEST_BYTES of UTF-8; None for None.

    What is larger keeps its small members; ``_cut`` says how large it was, ``_beginning`` how the
    rest begins.
    """
    if value is None:
        return None
    plain = _plain(value)
    text = _dumped(plain)
    size = len(text.encode())
    return text if size <= LARGEST_BYTES else _dumped(_cut(plain, size))


def _plain(value: Any, depth: int = 0) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        is_plain = abs(value) < _LARGEST_NUMBER
        return int(value) if is_plain else f"number of {value.bit_length()} bits"
    if isinstance(value, float):
        is_plain = value == 0 or _SMALLEST_NUMBER <= abs(value) < _LARGEST_NUMBER
        return value if math.isfinite(value) and is_plain else repr(value)
    if isinstance(value, dict | list | tuple | set | frozenset) and depth >= _DEEPEST:
        return f"{len(value)} members"
    if isinstance(value, dict):
        return {storable(str(name)): _plain(each, depth + 1) for name, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(each, depth + 1) for each in value]
    return storable(str(value))


def _cut(value: Any, size: int) -> dict[str, Any]:
    kept: dict[str, Any] = {CUT: {"bytes": size}}
    rest = value
    if isinstance(value, dict):
        room = LARGEST_BYTES // 2
        rest = dict(value)
        for name, each in sorted(value.items(), key=lambda member: len(_dumped(member[1]))):
            room -= len(_dumped({name: each}).encode())
            if room < 0:
                break
            if name not in (CUT, BEGINNING):
                kept[name] = rest.pop(name)
    text = _dumped(rest)
    low, high = 0, min(len(text), LARGEST_BYTES)
    while low < high:
        middle = (low + high + 1) // 2
        fits = len(_dumped({**kept, BEGINNING: text[:middle]}).encode()) <= LARGEST_BYTES
        low, high = (middle, high) if fits else (low, middle - 1)
    return {**kept, BEGINNING: text[:low]}


def _dumped(value: Any) -> str:
    # The separators are jsonb's own, so that the text is as long as the stored one.
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
