"""A database whose owner is no superuser, as with most hosted PostgreSQL and in a Supabase project.

It may make databases and roles and nothing more; the walls bind it too, since they are forced.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import sql

from synkro_assets.domain.errors import MigrationFailed
from synkro_assets.operations.platform import Platform, SystemClock
from synkro_assets.operations.setup import bring_up_to_date
from synkro_assets.settings import PROJECT_ROOT
from synkro_assets.storage.database import Connection, Database
from synkro_assets.storage.key_ring import configured_ring
from synkro_assets.storage.migrations import migrate
from tests.clusters import fresh_server
from tests.databases import as_owner, with_database
from tests.runs import run
from tests.stage import Simulators, set_scene

SUPABASE = PROJECT_ROOT / "supabase"


@dataclass(frozen=True)
class Hosting:
    """A server on which nobody had made a role before the owner of its first database."""

    superuser: str
    company: Database


@pytest.fixture(scope="module")
def hosting(server_url: str) -> Iterator[Hosting]:
    with fresh_server(server_url) as superuser:
        company = _owned_by(superuser, "company")
        assert _migrate(company) > 0
        yield Hosting(superuser, company)


def _owned_by(server: str, owner: str) -> Database:
    """A new database of an owner who may make databases and roles."""
    with psycopg.connect(server, autocommit=True) as connection:
        known = connection.execute("select from pg_roles where rolname = %s", [owner]).fetchone()
        if known is None:
            connection.execute(
                f"create role {owner} login createdb createrole password 'local'".encode()
            )
        name = f"of_{owner}_{uuid4().hex[:8]}"
        connection.execute(f"create database {name} owner {owner}".encode())
    parts = urlsplit(with_database(server, name))
    netloc = f"{owner}:local@{parts.netloc.rpartition('@')[2]}"
    return Database(urlunsplit(parts._replace(netloc=netloc)))


def _migrate(database: Database) -> int:
    return len(migrate(database, SUPABASE / "migrations", local_folder=SUPABASE / "local"))


def _count(connection: Connection, table: str) -> int:
    query = sql.SQL("select count(*) as rows from {}").format(sql.Identifier(*table.split(".")))
    row = connection.execute(query).fetchone()
    assert row is not None
    return int(row["rows"])


def _tenants_of(connection: Connection, user: UUID) -> list[UUID]:
    """What somebody sees who signed in at Supabase."""
    claims = json.dumps({"sub": str(user), "role": "authenticated"})
    connection.execute("select set_config('request.jwt.claims', %s, true)", [claims])
    connection.execute("set local role authenticated")
    return [row["id"] for row in connection.execute("select app.my_tenant_ids() as id")]


def test_an_ordinary_owner_runs_a_whole_day(
    hosting: Hosting, simulators: Simulators, slug: str, tmp_path: Path
) -> None:
    company = hosting.company
    assert bring_up_to_date(company, PROJECT_ROOT).migrations == []
    platform = Platform(company, configured_ring(None, tmp_path), SystemClock(), tmp_path)
    scene = set_scene(platform, simulators, slug)
    assert run(scene).report.status == "complete"
    tenant_id = scene.tenant.tenant_id
    with company.tenant_transaction(tenant_id) as connection:
        assert _count(connection, "app.reports") == 1
        assert _count(connection, "raw.radist_messages") > 0
    with company.tenant_transaction(uuid4()) as connection:
        assert _count(connection, "raw.radist_messages") == 0

    user = uuid4()
    with company.console_transaction() as connection:
        connection.execute("insert into app.users values (%s, 'a@example.org')", [user])
        connection.execute(
            "insert into app.user_roles (user_id, role, tenant_id) values (%s, 'user', %s)",
            [user, tenant_id],
        )
    with as_owner(company) as connection:
        # The walls are forced on their owner too; before PostgreSQL 16 it is asked for its tenant.
        with suppress(psycopg.errors.InsufficientPrivilege), connection.transaction():
            assert _count(connection, "app.reports") == 0
        connection.execute("grant authenticated to current_user")
        assert _tenants_of(connection, user) == [tenant_id]
        assert _count(connection, "app.reports") == 1
        assert _tenants_of(connection, uuid4()) == []


def test_a_second_database_of_the_same_owner_takes_the_roles_that_are_there(
    hosting: Hosting,
) -> None:
    assert _migrate(_owned_by(hosting.superuser, "company")) > 0


def test_an_owner_who_did_not_make_the_roles_is_told_what_to_grant(hosting: Hosting) -> None:
    newcomer = _owned_by(hosting.superuser, "newcomer")
    with psycopg.connect(hosting.superuser, autocommit=True) as connection:
        # Before PostgreSQL 16 whoever may make roles may grant them all.
        if connection.info.server_version >= 160000:
            said = 'role synkro_pipeline was made by somebody else: let a superuser run "grant'
            with pytest.raises(MigrationFailed, match=said):
                _migrate(newcomer)
            connection.execute(
                "grant synkro_pipeline, synkro_console, synkro_dbt, synkro_readonly, synkro_guard "
                "to newcomer"
            )
    assert _migrate(newcomer) > 0


def test_an_owner_who_may_make_no_roles_is_told_who_may(hosting: Hosting, tmp_path: Path) -> None:
    modest = _owned_by(hosting.superuser, "modest")
    with psycopg.connect(hosting.superuser, autocommit=True) as connection:
        connection.execute("alter role modest nocreaterole")
    (tmp_path / "roles.sql").write_text("create role another;")
    with pytest.raises(MigrationFailed, match=f"let a superuser run the files of {tmp_path}"):
        migrate(modest, SUPABASE / "migrations", local_folder=tmp_path)
