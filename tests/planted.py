"""Secrets that cannot be mistaken, and looking for them where none may be.

What lives here: making them, and the search through texts, files and a whole database. What an
installation goes through before the search is ``integration/test_planted_secrets``.
"""

from __future__ import annotations

import re
import subprocess
import zlib
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

from psycopg import sql

from synkro_assets.storage.database import Database
from synkro_assets.storage.embedded.binaries import installed_binaries
from tests.databases import as_owner

# Part of every planted secret, often enough that any third of one holds it whole.
MARK = "Qx7PLANTEDk9Zw"

Place = tuple[str, bytes]


def planted(name: str, *, is_plain: bool = False) -> str:
    """A secret of this name; unless it has to be plain, with what has to be escaped somewhere."""
    between = "-" if is_plain else '+/="\\<&>%41'
    return f"{MARK}{between}{name}{between}{MARK}{between}{MARK}{between}tail"


def planted_key(number: int) -> str:
    """A Fernet key that holds the mark."""
    return f"{MARK * 3}{number}="


def _needles() -> Iterator[tuple[str, bytes]]:
    mark = MARK.encode()
    yield "in clear", mark
    yield "in hex", mark.hex().encode()
    yield "in hex", mark.hex().upper().encode()
    yield "per cent", "".join(f"%{each:02X}" for each in mark).encode()
    yield "per cent", "".join(f"%{each:02x}" for each in mark).encode()
    for before in range(3):
        encoded = b64encode(bytes(before) + mark).rstrip(b"=")
        yield "in base64", encoded[before + (before > 0) : -1]


NEEDLES = tuple(_needles())


def leaks(places: Iterator[Place]) -> list[str]:
    """Where the mark stands, how it is spelled, and what stands around it."""
    return [
        f"{name}, {spelling}: …{body[max(0, found.start() - 150) : found.end() + 50]!r}…"
        for name, body in places
        for spelling, needle in NEEDLES
        for found in re.finditer(re.escape(needle), body)
    ]


def files_below(folder: Path, *, but: tuple[str, ...] = ()) -> Iterator[Place]:
    """Every file below a folder, names and all."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name not in but:
            yield str(path), path.name.encode() + b"\n" + path.read_bytes()


def whole_database(database: Database) -> Iterator[Place]:
    """``pg_dump`` of everything, and what Dagster keeps compressed, unpacked."""
    dump = subprocess.run(
        [installed_binaries().program("pg_dump"), "--dbname", database.url],
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert dump.returncode == 0, dump.stderr.decode()
    yield "pg_dump", dump.stdout
    for name, body in _binary_values(database):
        try:
            yield f"{name}, unpacked", zlib.decompress(body)
        except zlib.error:
            yield name, body


def _binary_values(database: Database) -> Iterator[tuple[str, bytes]]:
    with as_owner(database) as connection:
        columns = connection.execute(
            "select table_schema, table_name, column_name from information_schema.columns "
            "join pg_tables on (schemaname, tablename) = (table_schema, table_name) "
            "where data_type = 'bytea' and table_schema !~ '^pg_'"
        ).fetchall()
        for column in columns:
            schema, table, name = column.values()
            query = sql.SQL("select {column} as value from {table} where {column} is not null")
            parts = {"column": sql.Identifier(name), "table": sql.Identifier(schema, table)}
            for row in connection.execute(query.format(**parts)):
                yield f"{schema}.{table}.{name}", bytes(row["value"])
