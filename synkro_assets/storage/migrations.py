"""Applying ``supabase/migrations`` and recording them as the Supabase CLI does.

What lives here: which migrations are pending and running them, each in its own transaction. The
migrations are the schema's only truth for what dbt does not build; the transforms are built by
``transforms`` afterwards. The history table is the CLI's own
(``supabase_migrations.schema_migrations``), so ``supabase db push`` and ``synkro migrate`` may be
mixed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import sqlparse

from synkro_assets.domain.errors import MigrationFailed, UsageProblem
from synkro_assets.storage.database import Connection, Database
from synkro_assets.storage.plain_postgres import make_compatible

_FILE_NAME = re.compile(r"(?P<version>\d{14})_(?P<name>[a-z0-9_]+)\.sql")

# Any number will do, as long as it is always the same: two migrators at once wait for each other.
_LOCK = 7_205_759_403_792_793


@dataclass(frozen=True, slots=True)
class Migration:
    """One file of ``supabase/migrations``."""

    version: str
    name: str
    path: Path

    @property
    def statements(self) -> list[str]:
        """The statements as the CLI records them: trimmed, without the closing semicolon."""
        texts = sqlparse.split(self.path.read_text(encoding="utf-8"))
        stripped = (text.strip().removesuffix(";").rstrip() for text in texts)
        return [text for text in stripped if sqlparse.format(text, strip_comments=True).strip()]


def migrations_in(folder: Path) -> list[Migration]:
    """The migrations of a folder in order; raises UsageProblem for a file that is not named so."""
    found = []
    for path in sorted(folder.glob("*.sql")):
        match = _FILE_NAME.fullmatch(path.name)
        if match is None:
            raise UsageProblem(
                f"{path} is not named like a migration: use <YYYYMMDDHHMMSS>_<topic>.sql"
            )
        found.append(Migration(match["version"], match["name"], path))
    if not found:
        raise UsageProblem(f"there are no migrations in {folder}")
    return found


def pending_migrations(database: Database, folder: Path) -> list[Migration]:
    """What ``migrate`` would apply now."""
    with database.owner_session() as connection:
        return _pending(connection, folder)


def migrate(
    database: Database,
    folder: Path,
    on_applied: Callable[[Migration], None] = lambda _: None,
    *,
    local_folder: Path | None = None,
) -> list[Migration]:
    """Apply every pending migration, each in its own transaction; return what was applied.

    First it gets what plain PostgreSQL lacks, where ``local_folder`` says how. Raises
    MigrationFailed for the first migration that does not apply; nothing of it is left behind and
    those before it stay.
    """
    applied = []
    with _only_migrator(database) as connection:
        _prepare_history(connection)
        if local_folder is not None:
            make_compatible(connection, local_folder)
        for migration in _pending(connection, folder):
            _apply(connection, migration)
            on_applied(migration)
            applied.append(migration)
    return applied


@contextmanager
def _only_migrator(database: Database) -> Iterator[Connection]:
    with database.owner_session() as connection:
        connection.execute("select pg_advisory_lock(%s)", [_LOCK])
        yield connection


def _prepare_history(connection: Connection) -> None:
    try:
        with connection.transaction():
            connection.execute("create schema if not exists supabase_migrations")
            connection.execute(
                "create table if not exists supabase_migrations.schema_migrations "
                "(version text not null primary key, statements text[], name text)"
            )
    except psycopg.errors.InsufficientPrivilege as problem:
        raise MigrationFailed(
            f"the database user may not create schemas ({_first_line(problem)}): "
            "give SYNKRO_DATABASE_URL a user that owns the database"
        ) from None


def _pending(connection: Connection, folder: Path) -> list[Migration]:
    known = connection.execute(
        "select to_regclass('supabase_migrations.schema_migrations') is not null as known"
    ).fetchone()
    if known is None or not known["known"]:
        return migrations_in(folder)
    rows = connection.execute("select version from supabase_migrations.schema_migrations")
    applied = {row["version"] for row in rows}
    return [migration for migration in migrations_in(folder) if migration.version not in applied]


def _apply(connection: Connection, migration: Migration) -> None:
    statements = migration.statements
    current = ""
    try:
        with connection.transaction():
            for current in statements:
                connection.execute(current.encode())
            current = ""
            connection.execute(
                "insert into supabase_migrations.schema_migrations (version, name, statements) "
                "values (%s, %s, %s)",
                [migration.version, migration.name, statements],
            )
    except psycopg.Error as problem:
        text = migration.path.read_text(encoding="utf-8")
        line = text[: max(text.find(current), 0)].count("\n") + 1
        raise MigrationFailed(
            f"migration {migration.path.name} failed in the statement at line {line}: "
            f"{_first_line(problem)}; nothing of it was kept"
        ) from problem


def _first_line(problem: psycopg.Error) -> str:
    return (str(problem).strip().splitlines() or [type(problem).__name__])[0]
