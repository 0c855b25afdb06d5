"""Loading provider rows into ``raw``: some thousand at a time, as arrays of one statement.

What lives here: writing rows as arrays and handing them over, at once or as they come. The
statements are made in ``raw_merge.py``, the tables are ``raw_rows.py``.

COPY needs a temporary table, from which the rows are read and written once more: that took a third
more of this process's time, and a little more of the server's.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from operator import itemgetter
from typing import Any

import orjson
from psycopg import sql
from pydantic_core import to_json

from synkro_assets.storage.arrays import (
    PackedArray,
    array_of_flags,
    array_of_ids,
    array_of_integers,
    array_of_moments,
    array_of_text_arrays,
    array_of_texts,
    packed_texts,
)
from synkro_assets.storage.database import Connection
from synkro_assets.storage.raw_merge import Stored, look_for_stored, merge_statement
from synkro_assets.storage.raw_rows import COLUMNS, Kind, Load, RawTable

Row = tuple[Any, ...]

# What one statement brings: its text is held several times over on its way.
_MOST_BYTES = 1024 * 1024
_MOST_ROWS = 4_000

_ARRAYS: dict[str, Callable[[Iterable[Any]], PackedArray]] = {
    "bigint": array_of_ids,
    "boolean": array_of_flags,
    "integer": array_of_integers,
    "text": array_of_texts,
    "text[]": array_of_text_arrays,
    "timestamp with time zone": array_of_moments,
}


def load_rows(connection: Connection, table: RawTable, load: Load, rows: Iterable[Row]) -> int:
    """Bring rows (values in the order of ``table.columns``) into a raw table; return how many.

    Rows that repeat a key are one row, the last one; a provider's pages overlap. ``rows`` may be a
    generator: rows are sent as they come.
    """
    loading = TableLoading(connection, table, load)
    # The server works on one statement while the next is written here.
    with connection.pipeline():
        loading.store(rows)
    return loading.count


class TableLoading:
    """One table's rows of a load, inside the caller's transaction.

    Rows come in pieces of any size; what came before stays part of the load, so that a key that
    comes again takes the place of what the load itself stored.
    """

    def __init__(self, connection: Connection, table: RawTable, load: Load) -> None:
        self.count = 0
        self._connection, self._table, self._load = connection, table, load
        self._key_of = itemgetter(*(table.columns.index(name) for name in table.arriving_key))
        self._arrays = [(name, _ARRAYS[COLUMNS[name].type]) for name in table.columns[:-1]]
        self._shared = {
            name: getattr(load, name) for name in table.stored_columns if name not in table.columns
        }
        self._stored: set[Hashable] = set()
        self._before: Stored | None = None

    def begin(self) -> Stored:
        """Look at what is stored and empty a feed's chats; ``store`` does it if nobody did."""
        if self._before is None:
            is_replaced = self._table.kind is Kind.FEED and self._load.chats is not None
            self._before = self._emptied() if is_replaced else self._looked()
        return self._before

    def store(self, rows: Iterable[Row]) -> int:
        """Bring rows into the table; about how many bytes of JSON they were."""
        before, size = self.begin(), 0
        for piece in _pieces(rows):
            self._insert(before, *piece)
            size += sum(map(len, piece[1]))
        return size

    def _insert(self, before: Stored, rows: list[Row], payloads: list[bytes]) -> None:
        keys = set(map(self._key_of, rows))
        has_repeats, meets_own = len(keys) < len(rows), not keys.isdisjoint(self._stored)
        parameters: dict[str, Any] = {
            name: write(values)
            for (name, write), values in zip(self._arrays, zip(*rows, strict=True), strict=False)
        }
        parameters["payload"] = packed_texts(payloads)
        statement = merge_statement(
            self._table, before, has_repeats=has_repeats, meets_own=meets_own
        )
        self._connection.execute(statement, parameters | self._shared)
        self._stored |= keys
        self.count += len(rows)

    def _looked(self) -> Stored:
        found = self._connection.execute(look_for_stored(self._table), self._shared).fetchone()
        assert found is not None
        return Stored(**found)

    def _emptied(self) -> Stored:
        load = self._load
        statement = sql.SQL(
            "delete from {} where tenant_id = %s and business_day = %s and radist_chat_id = any(%s)"
        ).format(sql.Identifier("raw", self._table.name))
        self._connection.execute(
            statement, [load.tenant_id, load.business_day, list(load.chats or ())]
        )
        return Stored(has_any=False, has_earlier=False)


def _pieces(rows: Iterable[Row]) -> Iterator[tuple[list[Row], list[bytes]]]:
    """Rows and their payloads as JSON, as many as one statement brings."""
    piece: list[Row] = []
    payloads: list[bytes] = []
    size = 0
    for row in rows:
        piece.append(row)
        payload = _json(row[-1])
        payloads.append(payload)
        size += len(payload)
        if size >= _MOST_BYTES or len(piece) >= _MOST_ROWS:
            yield piece, payloads
            piece, payloads, size = [], [], 0
    if piece:
        yield piece, payloads


def _json(payload: Any) -> bytes:
    """The payload as JSON, by the fastest writer that can write it.

    The standard library's took a third of a load, pydantic's is three times as fast and this one
    again twice, but it knows no number of more than 64 bits.
    """
    try:
        return orjson.dumps(payload)
    except orjson.JSONEncodeError:
        return to_json(payload)
