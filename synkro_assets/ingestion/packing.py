"""Records held small from their reading to their storing.

What lives here: packing what a provider said, and rows that are made only when they are walked
through. A range of days is read whole before any of it is stored, and a parsed record takes ten
times the memory of its packed text. What the records are is ``radist.py`` and ``amocrm.py``.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from pydantic_core import from_json, to_json

Payload = dict[str, Any]
Row = tuple[Any, ...]
Each = TypeVar("Each")

# The fastest level: a higher one packs a tenth smaller and takes twice as long.
_LEVEL = 1
# So many records are unpacked at a time; more would pack hardly smaller.
_BLOCK = 64


class Records(Protocol):
    """What a provider said, whether it is held as it is or packed."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[Payload]: ...


class RecordsById(Protocol):
    """What a provider said by id; what comes again takes the place of what came before."""

    def __setitem__(self, record_id: int, record: Payload, /) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[int]: ...
    def __contains__(self, record_id: object, /) -> bool: ...
    def keys(self) -> Set[int]: ...
    def items(self) -> Iterable[tuple[int, Payload]]: ...
    def values(self) -> Records: ...


class Rows(Protocol):
    """Rows of a raw table that can be counted without being made."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[Row]: ...


Put = Callable[[Callable[[], Mapping[str, Sequence[Row]]]], None]
"""Takes what makes rows, by table, that may be stored before the rest of a day is read."""


class Packed:
    """Records as their packed text, in their order; each walk unpacks them anew."""

    __slots__ = ("_blocks", "_count", "_loose")

    def __init__(self, records: Iterable[Payload] = ()) -> None:
        self._blocks: list[bytes] = []
        self._loose: list[Payload] = []
        self._count = 0
        for record in records:
            self.append(record)
        self.seal()

    def append(self, record: Payload) -> None:
        """Add a record, which is packed with those that follow it."""
        self._loose.append(record)
        self._count += 1
        if len(self._loose) >= _BLOCK:
            self.seal()

    def seal(self) -> None:
        """Pack what waits for more to come."""
        if self._loose:
            self._blocks.append(zlib.compress(to_json(self._loose), _LEVEL))
            self._loose = []

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Payload]:
        self.seal()
        for block in self._blocks:
            yield from from_json(zlib.decompress(block))


class PackedById:
    """Records by their id, packed."""

    __slots__ = ("_latest", "_records")

    def __init__(self) -> None:
        self._records = Packed()
        self._latest: dict[int, int] = {}

    def __setitem__(self, record_id: int, record: Payload) -> None:
        self._latest[record_id] = len(self._records)
        self._records.append(record)

    def __len__(self) -> int:
        return len(self._latest)

    def __iter__(self) -> Iterator[int]:
        return iter(self._latest)

    def __contains__(self, record_id: object) -> bool:
        return record_id in self._latest

    def keys(self) -> Set[int]:
        return self._latest.keys()

    def items(self) -> Iterator[tuple[int, Payload]]:
        """Ids and records; each walk unpacks them anew."""
        ids = {place: record_id for record_id, place in self._latest.items()}
        for place, record in enumerate(self._records):
            if place in ids:
                yield ids[place], record

    def values(self) -> Records:
        return Late(len(self), lambda: (record for _, record in self.items()))


@dataclass(frozen=True, slots=True)
class Late(Generic[Each]):
    """``count`` rows or records that ``make`` yields, anew for each walk through them."""

    count: int
    make: Callable[[], Iterator[Each]]

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[Each]:
        return self.make()


@dataclass(frozen=True, slots=True)
class Holding:
    """How records are held until they are stored; as an outline what is stored as it is read."""

    records: Callable[[Iterable[Payload]], Records]
    by_id: Callable[[], RecordsById]
    is_outline: bool = False

    def kept(self, record: Payload, *fields: str) -> Payload:
        """What is held of a record; an outline has only these fields, each a plain value."""
        if not self.is_outline:
            return record
        return {name: record[name] for name in fields if name in record}


AS_READ, PACKED = Holding(list, dict), Holding(Packed, PackedById)
OUTLINED = Holding(list, dict, is_outline=True)
