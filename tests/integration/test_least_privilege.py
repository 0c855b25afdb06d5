"""A whole day under a login that owns nothing but the platform's roles and Dagster's schema."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from psycopg import sql

from synkro_assets.domain.errors import DatabaseUnavailable
from synkro_assets.operations.platform import Platform
from synkro_assets.operations.setup import bring_up_to_date, require_up_to_date
from synkro_assets.settings import PROJECT_ROOT
from synkro_assets.storage.database import CONSOLE, PIPELINE, TRANSFORMS, Database
from tests.databases import as_owner, database_name
from tests.runs import run
from tests.stage import Simulators, set_scene


def with_login(url: str, user: str, password: str) -> str:
    parts = urlsplit(url)
    _, _, address = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user}:{password}@{address}"))


@contextmanager
def login_of(database: Database) -> Iterator[str]:
    """The database's URL for a new login without any right of its own."""
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
        connection.execute(sql.SQL("reassign owned by {} to current_user").format(name))
        connection.execute(sql.SQL("drop owned by {}").format(name))
        connection.execute(sql.SQL("drop role {}").format(name))


@pytest.fixture
def plain_login(database: Database) -> Iterator[str]:
    """A login to the platform's database without any right of its own."""
    with login_of(database) as url:
        yield url


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


def test_the_database_is_brought_up_by_an_owner_who_is_no_superuser(
    empty_database: Database, template: str
) -> None:
    """As in a Supabase project; the template has seen to it that the roles are there."""
    with login_of(empty_database) as url:
        login = sql.Identifier(urlsplit(url).username or "")
        with as_owner(empty_database) as connection:
            for statement in (
                "grant synkro_pipeline, synkro_console, synkro_dbt to {login}",
                "grant synkro_readonly, synkro_guard to {login}",
                "alter database {database} owner to {login}",
                "alter schema public owner to {login}",
            ):
                name = sql.Identifier(database_name(empty_database.url))
                connection.execute(sql.SQL(statement).format(login=login, database=name))
        bring_up_to_date(Database(url), PROJECT_ROOT)
        require_up_to_date(Database(url), PROJECT_ROOT)
