"""Loading provider rows into ``raw``: COPY into a temporary table, then set-based statements.

What lives here: the copying, of all rows at once or piece by piece. The statements are made in
``raw_merge.py``, the tables are ``raw_rows.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from datetime import datetime
from operator import itemgetter
from typing import Any

from psycopg import sql
from pydantic_core import to_json

from synkro_assets.storage.arrays import array_of_texts
from synkro_assets.storage.database import Connection
from synkro_assets.storage.raw_merge import identifiers, merge_statements
from synkro_assets.storage.raw_rows import COLUMNS, Kind, Load, RawTable

Row = tuple[Any, ...]

# What the driver would write of them, in a fifth of its time: it asks each value for its type.
_WRITTEN: dict[str, Callable[[Any], str]] = {
    "timestamp with time zone": datetime.isoformat,
    "text[]": array_of_texts,
}


def load_rows(connection: Connection, table: RawTable, load: Load, rows: Iterable[Row]) -> int:
    """Bring rows (values in the order of ``table.columns``) into a raw table; return how many.

    Rows that repeat a key are one row, the last one; a provider's pages overlap. ``rows`` may be a
    generator: each row is sent as it comes.
    """
    loading = TableLoading(connection, table, load)
    loading.take(rows)
    loading.merge()
    return loading.count


class TableLoading:
    """One table's rows of a load, inside the caller's transaction.

    Pieces are taken and merged in any rhythm; what came before stays part of the load, so that a
    key that comes again takes the place of what the load itself stored.
    """

    def __init__(self, connection: Connection, table: RawTable, load: Load) -> None:
        self.count = 0
        self._connection, self._table, self._load = connection, table, load
        self._incoming = sql.Identifier(f"incoming_{table.name}")
        self._key_of = itemgetter(*(table.columns.index(name) for name in table.arriving_key))
        self._written = [
            (place, _WRITTEN[column.type])
            for place, name in enumerate(table.columns)
            if (column := COLUMNS.get(name)) and column.type in _WRITTEN
        ]
        self._statements: dict[tuple[bool, bool], list[bytes]] = {}
        self._merged: set[Hashable] = set()
        self._waiting: set[Hashable] = set()
        self._repeats = 0
        self._is_ready, self._is_spent, self._is_begun = False, False, False

    def take(self, rows: Iterable[Row]) -> None:
        """Send rows' own columns; what all rows share is added when they are merged."""
        self._make_room()
        names = identifiers(self._table.columns)
        copy = sql.SQL("copy {} ({}, arrival) from stdin").format(self._incoming, names)
        before, key_of, waiting, count = self.count, self._key_of, self._waiting, self.count
        held = len(waiting)
        with self._connection.cursor().copy(copy) as stream:
            for count, row in enumerate(rows, start=before + 1):
                *values, payload = row
                waiting.add(key_of(row))
                for place, written in self._written:
                    if values[place] is not None:
                        values[place] = written(values[place])
                # Three times as fast as the standard library's, which took a third of a load.
                stream.write_row((*values, to_json(payload).decode(), count))
        self.count = count
        self._repeats += count - before - (len(waiting) - held)

    def merge(self) -> None:
        """Bring what was taken since the last time into the table."""
        if not self._is_begun and self._table.kind is Kind.FEED:
            self._empty_day()
        self._is_begun = True
        if not self._waiting:
            return
        has_repeats, meets_own = self._repeats > 0, not self._waiting.isdisjoint(self._merged)
        for statement in self._merging(has_repeats=has_repeats, meets_own=meets_own):
            self._connection.execute(statement)
        if self._merged:
            self._merged |= self._waiting
        else:
            self._merged = self._waiting
        self._waiting, self._repeats, self._is_spent = set(), 0, True

    def _make_room(self) -> None:
        """An empty temporary table for rows that come."""
        if not self._is_ready:
            # A day's rows fit; spilling the sort to disk costs as much as the sort.
            self._connection.execute("set local work_mem = '64MB'")
            table, columns = self._table, identifiers(self._table.columns)
            statement = sql.SQL(
                "create temporary table {} on commit drop as "
                "select {}, 0::bigint as arrival from {} with no data"
            ).format(self._incoming, columns, sql.Identifier("raw", table.name))
            self._connection.execute(statement)
        elif self._is_spent:
            self._connection.execute(sql.SQL("truncate {}").format(self._incoming))
        self._is_ready, self._is_spent = True, False

    def _merging(self, *, has_repeats: bool, meets_own: bool) -> list[bytes]:
        """The statements as text: composing them takes as long as some of them do."""
        how = (has_repeats, meets_own)
        if how not in self._statements:
            composed = merge_statements(
                self._table, self._load, has_repeats=has_repeats, meets_own=meets_own
            )
            self._statements[how] = [each.as_bytes(self._connection) for each in composed]
        return self._statements[how]

    def _empty_day(self) -> None:
        load = self._load
        statement = sql.SQL("delete from {} where tenant_id = %s and business_day = %s").format(
            sql.Identifier("raw", self._table.name)
        )
        parameters: list[Any] = [load.tenant_id, load.business_day]
        if load.chats is not None:
            statement += sql.SQL(" and radist_chat_id = any(%s)")
            parameters.append(list(load.chats))
        self._connection.execute(statement, parameters)
