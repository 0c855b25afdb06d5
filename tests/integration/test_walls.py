"""Two companies' whole days in one database: a query that forgot its `where` stays within one.

The same is asked of every role and verb by pgTAP; here through the transactions that the platform
itself works in. Tables and views are found in the catalogue.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from synkro_assets.settings import PROJECT_ROOT
from synkro_assets.storage.database import Connection, Database
from tests.catalog import tables_of_tenants
from tests.databases import as_owner, disconnect_all, scratch_database
from tests.integration.conftest import Reported
from tests.runs import run
from tests.stage import Simulators, set_scene

PLANTING = PROJECT_ROOT / "supabase" / "tests" / "planting.psql"


@dataclass(frozen=True)
class Neighbours:
    """Two tenants with rows in every table."""

    database: Database
    ours: UUID
    theirs: UUID

    def seen(self, connection: Connection, relation: sql.Identifier) -> set[UUID] | None:
        """Whose rows a query without a `where` returns; None when it is refused altogether."""
        query = sql.SQL("select distinct tenant_id from {}").format(relation)
        try:
            with connection.transaction():
                return {row["tenant_id"] for row in connection.execute(query)}
        except psycopg.errors.InsufficientPrivilege:
            return None


@pytest.fixture(scope="module")
def neighbours(
    reported: Reported, simulator_session: Simulators, server_url: str
) -> Iterator[Neighbours]:
    simulator_session.calm()
    first = reported.scene
    disconnect_all(server_url, first.platform.database.url)
    with scratch_database(server_url, first.platform.database.url) as url:
        database = Database(url)
        platform = replace(first.platform, database=database)
        second = set_scene(platform, simulator_session, "neighbour")
        run(second)
        both = Neighbours(database, first.tenant.tenant_id, second.tenant.tenant_id)
        _plant_what_a_day_leaves_empty(both)
        yield both


def _plant_what_a_day_leaves_empty(neighbours: Neighbours) -> None:
    with as_owner(neighbours.database) as connection:
        # Neither references nor checks are what is looked at here.
        connection.execute("set local session_replication_role = replica")
        connection.execute("create schema tap")
        connection.execute(PLANTING.read_bytes())
        for table in tables_of_tenants(connection):
            name = table.as_string(connection)
            for tenant_id in (neighbours.ours, neighbours.theirs):
                query = sql.SQL("select from {} where tenant_id = {} limit 1")
                if connection.execute(query.format(table, tenant_id)).fetchone() is None:
                    _drop_checks(connection, name)
                    row = connection.execute(
                        "select tap.insert_of(%s::regclass, %s) as statement", [name, tenant_id]
                    ).fetchone()
                    assert row is not None
                    connection.execute(row["statement"].encode())


def _drop_checks(connection: Connection, table: str) -> None:
    checks = connection.execute(
        "select conname from pg_constraint where conrelid = %s::regclass and contype = 'c'", [table]
    )
    for row in checks.fetchall():
        connection.execute(f'alter table {table} drop constraint "{row["conname"]}"'.encode())


def _relations(neighbours: Neighbours, *, views: bool = True) -> list[sql.Identifier]:
    with as_owner(neighbours.database) as connection:
        return tables_of_tenants(connection, views=views)


def test_there_is_something_to_hide_in_every_table(neighbours: Neighbours) -> None:
    tables = _relations(neighbours, views=False)
    assert len(tables) > 25
    with as_owner(neighbours.database) as connection:
        for table in tables:
            assert neighbours.seen(connection, table) == {neighbours.ours, neighbours.theirs}, table


@pytest.mark.parametrize("work", ["tenant_transaction", "tenant_session", "console_transaction"])
def test_a_query_without_a_where_returns_no_row_of_a_neighbour(
    neighbours: Neighbours, work: str
) -> None:
    open_work: AbstractContextManager[Connection] = getattr(neighbours.database, work)(
        neighbours.ours
    )
    with open_work as connection:
        seen = {
            each.as_string(): neighbours.seen(connection, each) for each in _relations(neighbours)
        }
    assert {name: rows for name, rows in seen.items() if rows and rows != {neighbours.ours}} == {}
    # And not because nobody may read anything.
    assert len([rows for rows in seen.values() if rows]) > 40


def test_a_statement_without_a_where_changes_no_row_of_a_neighbour(neighbours: Neighbours) -> None:
    tables = _relations(neighbours, views=False)
    with as_owner(neighbours.database) as connection:
        own = {each.as_string(): _rows_of(connection, each, neighbours.ours) for each in tables}
    changed = []
    with neighbours.database.tenant_transaction(neighbours.ours) as connection:
        for table in tables:
            for statement in ("update {} set tenant_id = tenant_id", "delete from {}"):
                with (
                    suppress(psycopg.errors.InsufficientPrivilege),
                    connection.transaction(force_rollback=True),
                ):
                    done = connection.execute(sql.SQL(statement).format(table))
                    changed.append((table.as_string(), done.rowcount))
    assert len(changed) > 20
    assert [name for name, rows in changed if rows != own[name]] == []


def _rows_of(connection: Connection, table: sql.Identifier, tenant_id: UUID) -> int:
    query = sql.SQL("select count(*) as rows from {} where tenant_id = {}")
    row = connection.execute(query.format(table, tenant_id)).fetchone()
    assert row is not None
    return int(row["rows"])


def test_all_tenants_are_seen_by_the_console_that_says_so(neighbours: Neighbours) -> None:
    both = {neighbours.ours, neighbours.theirs}
    with neighbours.database.console_transaction() as connection:
        assert neighbours.seen(connection, sql.Identifier("app", "reports")) == both
