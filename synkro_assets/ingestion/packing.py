"""Records held small from their reading to their storing.

What lives here: packing what a provider said, and rows that are made only when they are walked
through. A range of days is read whole before any of it is stored, and a parsed record takes ten
times the memory of its packed text. What the rows hold is ``radist.py``.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic_core import from_json, to_json

Payload = dict[str, Any]
Row = tuple[Any, ...]

# The fastest level: a higher one packs a tenth smaller and takes twice as long.
_LEVEL = 1


class Rows(Protocol):
    """Rows of a raw table that can be counted without being made."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[Row]: ...


class Packed:
    """Records as their packed text; each walk through them unpacks it anew."""

    __slots__ = ("_count", "_packed")

    def __init__(self, records: Sequence[Payload]) -> None:
        self._count = len(records)
        self._packed = zlib.compress(to_json(records), _LEVEL)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Payload]:
        return iter(from_json(zlib.decompress(self._packed)))


@dataclass(frozen=True, slots=True)
class LateRows:
    """``count`` rows that ``make`` yields, anew for each walk through them."""

    count: int
    make: Callable[[], Iterator[Row]]

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[Row]:
        return self.make()
