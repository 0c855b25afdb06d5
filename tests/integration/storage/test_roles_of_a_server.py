"""Roles belong to a whole server: two databases of it that are migrated at once both succeed."""

import threading
from collections.abc import Iterator
from functools import partial

import psycopg
import pytest
from psycopg import sql

from synkro_assets.settings import PROJECT_ROOT
from synkro_assets.storage.database import Database
from synkro_assets.storage.migrations import migrate, migrations_in
from tests.clusters import fresh_server
from tests.databases import scratch_database
from tests.waiting import await_that

FOLDER = PROJECT_ROOT / "supabase" / "migrations"
ROLES = ("synkro_pipeline", "synkro_readonly", "synkro_guard")


@pytest.fixture
def roleless_server(server_url: str) -> Iterator[str]:
    """A server on which no migration ever ran."""
    with fresh_server(like=server_url) as url:
        yield url


def is_waited_for(watcher: psycopg.Connection, other: psycopg.Connection) -> bool:
    """Whether a session waits for the other one's transaction to end."""
    return bool(
        watcher.execute(
            "select 1 from pg_stat_activity where %s = any(pg_blocking_pids(pid))",
            [other.info.backend_pid],
        ).fetchone()
    )


def has_met(
    migrator: threading.Thread, watcher: psycopg.Connection, other: psycopg.Connection
) -> bool:
    return is_waited_for(watcher, other) or not migrator.is_alive()


def test_a_role_that_another_databases_migration_is_just_making_is_waited_for_and_used(
    roleless_server: str,
) -> None:
    failures: list[Exception] = []
    with scratch_database(roleless_server) as url:

        def bring_up() -> None:
            try:
                migrate(Database(url), FOLDER)
            except Exception as problem:
                failures.append(problem)

        migrator = threading.Thread(target=bring_up)
        with psycopg.connect(roleless_server, autocommit=True) as watcher:
            others = [psycopg.connect(roleless_server) for _ in ROLES]
            for name, other in zip(ROLES, others, strict=True):
                other.execute(sql.SQL("create role {} nologin").format(sql.Identifier(name)))
            migrator.start()
            for name, other in zip(ROLES, others, strict=True):
                await_that(
                    partial(has_met, migrator, watcher, other), f"the migration meets {name}"
                )
                other.commit()
                other.close()
        migrator.join()
        assert failures == []
        with psycopg.connect(url) as connection:
            rows = connection.execute("select version from supabase_migrations.schema_migrations")
            assert rows.rowcount == len(migrations_in(FOLDER))
