"""A whole day under a login that owns nothing but the platform's roles and Dagster's schema."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from psycopg import sql

from synkro_assets.domain.errors import DatabaseUnavailable
from synkro_assets.operations.platform import Platform
from synkro_assets.storage.database import CONSOLE, PIPELINE, TRANSFORMS, Database
from tests.databases import as_owner
from tests.runs import run
from tests.stage import Simulators, set_scene


def with_login(url: str, user: str, password: str) -> str:
    parts = urlsplit(url)
    _, _, address = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user}:{password}@{address}"))


@pytest.fixture
def plain_login(database: Database) -> Iterator[str]:
    """The database's URL for a login without any right of its own."""
    user, password = f"plain_{secrets.token_hex(4)}", secrets.token_hex(12)
    name = sql.Identifier(user)
    with as_owner(database) as connection:
        connection.execute(
            sql.SQL("create role {} login noinherit password {}").format(
                name, sql.Literal(password)
            )
        )
    yield with_login(database.url, user, password)
    with as_owner(database) as connection:
        connection.execute(sql.SQL("drop owned by {}").format(name))
        connection.execute(sql.SQL("drop role {}").format(name))


@pytest.fixture
def platform_login(database: Database, plain_login: str) -> str:
    """The same login, granted what README tells an operator to grant."""
    login = sql.Identifier(urlsplit(plain_login).username or "")
    with as_owner(database) as connection:
        for statement in (
            "grant synkro_pipeline, synkro_console, synkro_dbt to {}",
            "grant usage, create on schema dagster to {}",
            "grant all on all tables in schema dagster to {}",
            "grant all on all sequences in schema dagster to {}",
            "grant usage on schema supabase_migrations to {}",
            "grant select on supabase_migrations.schema_migrations to {}",
        ):
            connection.execute(sql.SQL(statement).format(login))
    return plain_login


def test_a_login_that_owns_nothing_runs_a_whole_day(
    platform: Platform, platform_login: str, simulators: Simulators, slug: str
) -> None:
    limited = replace(platform, database=Database(platform_login))
    scene = set_scene(limited, simulators, slug)
    assert run(scene).report.status == "complete"
    assert scene.chat()
    with (
        psycopg.connect(platform_login) as direct,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        direct.execute("select count(*) from raw.radist_messages")


@pytest.mark.parametrize("role", [PIPELINE, CONSOLE, TRANSFORMS])
def test_none_of_the_roles_may_create_anything(database: Database, role: str) -> None:
    with as_owner(database) as connection:
        connection.execute(sql.SQL("set local role {}").format(sql.Identifier(role)))
        for schema in ("app", "raw", "staging", "intermediate", "marts", "public", "dagster"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                connection.execute(
                    sql.SQL("create table {} ()").format(sql.Identifier(schema, "mine"))
                )


def test_a_login_without_the_roles_is_told_what_it_lacks(plain_login: str) -> None:
    with (
        pytest.raises(DatabaseUnavailable, match=r"may not act as synkro_console.*grant"),
        Database(plain_login).console_transaction(),
    ):
        pytest.fail("the transaction began")
