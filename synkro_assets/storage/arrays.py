"""Arrays as PostgreSQL sends and receives them.

What lives here: packing an array of each type that many values are sent in at once. psycopg writes
any list, but asks each element for its type: that takes twenty times as long, which counts where a
request or a row each has one. A whole load takes a twentieth less with packed values than with
written ones, which the server has to parse.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import repeat

import psycopg
from psycopg import pq
from psycopg.adapt import Buffer, Dumper

# https://www.postgresql.org/docs/current/protocol-overview.html leaves the layout to array_recv()
# and to each type's own: moments are microseconds since 2000 (timestamptz_recv).
_HEAD, _SIZE = struct.Struct(">5i"), struct.Struct(">i")
# Whether there are nulls array_recv() finds out itself.
_DIMENSIONS, _FLAGS_UNUSED, _FIRST = 1, 0, 1
_NULL = _SIZE.pack(-1)
_ZERO, _MICROSECOND = datetime(2000, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


class PackedArray(bytes):
    """An array as it goes over; each type has its own."""


class _PackedDumper(Dumper):
    format = pq.Format.BINARY

    def dump(self, obj: PackedArray) -> Buffer:
        return obj


def _packing(name: str) -> Callable[[Sequence[bytes]], PackedArray]:
    """Makes an array of the type of elements that have their sizes before them."""
    element = psycopg.adapters.types[name]
    packed: type[PackedArray] = type(f"Packed_{name}", (PackedArray,), {})
    dumper = type(f"Packed_{name}_dumper", (_PackedDumper,), {"oid": element.array_oid})
    psycopg.adapters.register_dumper(packed, dumper)

    def pack(elements: Sequence[bytes]) -> PackedArray:
        head = _HEAD.pack(_DIMENSIONS, _FLAGS_UNUSED, element.oid, len(elements), _FIRST)
        return packed(head + b"".join(elements))

    return pack


_FLAGS, _IDS, _INTEGERS = map(_packing, ("bool", "int8", "int4"))
_FLOATS, _TEXTS, _MOMENTS = map(_packing, ("float8", "text", "timestamptz"))
_FLAG, _ID, _INTEGER, _FLOAT = (struct.Struct(f">i{layout}") for layout in "?qid")


def array_of_flags(flags: Iterable[bool]) -> PackedArray:
    """A ``boolean[]``."""
    return _FLAGS([*map(_FLAG.pack, repeat(1), flags)])


def array_of_ids(ids: Iterable[int]) -> PackedArray:
    """A ``bigint[]``."""
    return _IDS([*map(_ID.pack, repeat(8), ids)])


def array_of_integers(integers: Iterable[int]) -> PackedArray:
    """An ``integer[]``."""
    return _INTEGERS([*map(_INTEGER.pack, repeat(4), integers)])


def array_of_floats(floats: Iterable[float]) -> PackedArray:
    """A ``float8[]``; every number comes back as it is."""
    return _FLOATS([*map(_FLOAT.pack, repeat(8), floats)])


def array_of_moments(moments: Iterable[datetime]) -> PackedArray:
    """A ``timestamptz[]``; the moments are aware."""
    since = [(moment - _ZERO) // _MICROSECOND for moment in moments]
    return _MOMENTS([*map(_ID.pack, repeat(8), since)])


def array_of_texts(texts: Iterable[str | None]) -> PackedArray:
    """A ``text[]``; None is null."""
    return packed_texts([None if text is None else text.encode() for text in texts])


def packed_texts(texts: Sequence[bytes | None]) -> PackedArray:
    """A ``text[]`` of what is UTF-8 already; None is null."""
    return _TEXTS([_NULL if text is None else _SIZE.pack(len(text)) + text for text in texts])


def array_of_text_arrays(arrays: Iterable[Iterable[str]]) -> PackedArray:
    """A ``text[]``, each element of which is to be cast to ``text[]`` again."""
    return array_of_texts(map(_written, arrays))


def _written(texts: Iterable[str]) -> str:
    return "{" + ",".join(f'"{_escaped(text)}"' for text in texts) + "}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
