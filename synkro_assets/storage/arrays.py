"""Arrays as PostgreSQL writes them.

What lives here: the text of an array. psycopg writes any list, but asks each element for its type:
that takes twenty times as long, which counts where a request or a row each has one.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import chain

import psycopg
from psycopg import pq
from psycopg.adapt import Buffer, Dumper

# https://www.postgresql.org/docs/current/protocol-overview.html leaves the layout to array_recv().
_HEAD, _SIZE = struct.Struct(">5i"), struct.Struct(">i")
_DIMENSIONS, _HAS_NO_NULLS, _FIRST = 1, 0, 1
_TEXT = psycopg.adapters.types["text"].oid


def array_of_numbers(numbers: Iterable[float]) -> str:
    """To be cast to ``bigint[]`` or ``float8[]``; every number comes back as it is."""
    return "{" + ",".join(map(repr, numbers)) + "}"


def array_of_flags(flags: Iterable[bool]) -> str:
    """To be cast to ``boolean[]``."""
    return "{" + ",".join("t" if flag else "f" for flag in flags) + "}"


def array_of_moments(moments: Iterable[datetime]) -> str:
    """To be cast to ``timestamptz[]``; the moments are aware."""
    return "{" + ",".join(map(datetime.isoformat, moments)) + "}"


def array_of_texts(texts: Iterable[str | None]) -> str:
    """To be cast to ``text[]``; None is null."""
    written = ("NULL" if each is None else f'"{_escaped(each)}"' for each in texts)
    return "{" + ",".join(written) + "}"


def array_of_text_arrays(arrays: Iterable[Iterable[str]]) -> str:
    """To be cast to ``text[]``, each element of which is to be cast to ``text[]`` again."""
    return array_of_texts(map(array_of_texts, arrays))


class PackedTexts(bytes):
    """A ``text[]`` as PostgreSQL sends it; texts need no escaping in it."""


def packed_texts(texts: Sequence[bytes]) -> PackedTexts:
    """To be cast to ``text[]``; the texts are UTF-8."""
    sizes = map(_SIZE.pack, map(len, texts))
    head = _HEAD.pack(_DIMENSIONS, _HAS_NO_NULLS, _TEXT, len(texts), _FIRST)
    return PackedTexts(head + b"".join(chain.from_iterable(zip(sizes, texts, strict=True))))


class _PackedTextsDumper(Dumper):
    format = pq.Format.BINARY
    oid = psycopg.adapters.types["text"].array_oid

    def dump(self, obj: PackedTexts) -> Buffer:
        return obj


psycopg.adapters.register_dumper(PackedTexts, _PackedTextsDumper)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
