"""`supabase db push` and `synkro migrate` make one schema and one history, in any mixture."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from synkro_assets.settings import PROJECT_ROOT
from synkro_assets.storage.database import Database
from synkro_assets.storage.migrations import migrate
from tests.catalog import Schema, differences, history_of, schema_of
from tests.databases import scratch_database
from tests.tools import remote, run_supabase

SUPABASE = PROJECT_ROOT / "supabase"
MIGRATIONS = sorted(path.name for path in (SUPABASE / "migrations").glob("*.sql"))
HALF = len(MIGRATIONS) // 2

Made = tuple[Schema, list[tuple[str, str, list[str]]]]


class Migrators:
    """Both tools on a database, each given the first so many migrations."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder = url, folder

    def pushes(self, count: int = len(MIGRATIONS)) -> None:
        project = self._project(count)
        pushed = run_supabase("db", "push", remote(self.url), home=self.folder, folder=project)
        assert pushed.returncode == 0, pushed.stdout + pushed.stderr

    def migrates(self, count: int = len(MIGRATIONS)) -> None:
        project = self._project(count)
        local = project / "supabase" / "local"
        migrate(Database(self.url), project / "supabase" / "migrations", local_folder=local)

    def _project(self, count: int) -> Path:
        project = self.folder / f"first-{count}"
        shutil.rmtree(project, ignore_errors=True)
        shutil.copytree(SUPABASE, project / "supabase")
        for name in MIGRATIONS[count:]:
            (project / "supabase" / "migrations" / name).unlink()
        return project


def _made(url: str) -> Made:
    with psycopg.connect(url) as connection:
        return schema_of(connection), history_of(connection)


@contextmanager
def _migrated(server_url: str, folder: Path) -> Iterator[str]:
    with scratch_database(server_url) as url:
        Migrators(url, folder).migrates()
        yield url


@pytest.fixture(scope="module")
def migrated(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database that `synkro migrate` alone made, without the transforms that dbt builds."""
    with _migrated(server_url, tmp_path_factory.mktemp("migrated")) as url:
        yield url


# How many of the migrations are there after each step, and who made it so.
ALL = len(MIGRATIONS)
MIXTURES = {
    "the CLI alone": [("pushes", ALL)],
    "the CLI and then migrate": [("pushes", HALF), ("migrates", ALL)],
    "migrate and then the CLI": [("migrates", HALF), ("pushes", ALL)],
    "both in turns": [
        ("pushes", ALL - 3), ("migrates", ALL - 2), ("pushes", ALL - 1), ("migrates", ALL),
    ],
}  # fmt: skip


@pytest.mark.parametrize("mixture", MIXTURES)
def test_every_mixture_makes_the_same_schema_and_history(
    migrated: str, server_url: str, tmp_path: Path, mixture: str
) -> None:
    with scratch_database(server_url) as url:
        both = Migrators(url, tmp_path)
        for step, count in MIXTURES[mixture]:
            getattr(both, step)(count)
        schema, history = _made(url)
    expected_schema, expected_history = _made(migrated)
    assert differences(expected_schema, schema) == []
    assert [row[0] for row in history] == [name[:14] for name in MIGRATIONS]
    assert history == expected_history


def test_pushing_what_is_there_changes_nothing(migrated: str, tmp_path: Path) -> None:
    before = _made(migrated)
    Migrators(migrated, tmp_path).pushes()
    assert _made(migrated) == before


def test_the_seed_is_accepted_and_adds_no_row(server_url: str, tmp_path: Path) -> None:
    shutil.copytree(SUPABASE, tmp_path / "supabase")
    with scratch_database(server_url) as url:
        arguments = ("db", "push", remote(url), "--include-seed")
        pushed = run_supabase(*arguments, home=tmp_path, folder=tmp_path)
        assert pushed.returncode == 0, pushed.stdout + pushed.stderr
        assert "seed.sql" in pushed.stdout + pushed.stderr
        with psycopg.connect(url) as connection:
            assert connection.execute("select count(*) from app.tenants").fetchone() == (0,)


# What each kind of difference would look like; the last word before the colon names it.
PLANTED = {
    "database itself": "grant connect on database {database} to synkro_readonly",
    "schema raw": "grant create on schema raw to synkro_pipeline",
    "schema app": "comment on schema app is 'other'",
    "relation app.tenants": "grant select on app.tenants to anon",
    "relation app.reports": "alter table app.reports no force row level security",
    "relation app.users": "comment on table app.users is 'other'",
    "column app.tenants.name": "alter table app.tenants alter column name drop not null",
    "column app.tenants.language": "alter table app.tenants alter column language set default 'en'",
    "column app.users.password_hash": "grant select (password_hash) on app.users to anon",
    "constraint app.tenants slug_is_well_formed": (
        "alter table app.tenants drop constraint slug_is_well_formed"
    ),
    "index app.users_by_email": "drop index app.users_by_email",
    "function app.current_tenant_id()": "alter function app.current_tenant_id() security definer",
    "function app.set_updated_at()": ("grant execute on function app.set_updated_at() to anon"),
    "function raw.ensure_month(date)": (
        "alter function raw.ensure_month(date) owner to synkro_console"
    ),
    "trigger app.tenants tenants_set_updated_at": (
        "alter table app.tenants disable trigger tenants_set_updated_at"
    ),
    "policy app.tenants The console works within the tenants of its scope": (
        'alter policy "The console works within the tenants of its scope" on app.tenants '
        "using (true)"
    ),
    "default privilege": "alter default privileges in schema app grant select on tables to anon",
    "type app.mood": "create type app.mood as enum ('calm')",
}


@pytest.mark.parametrize("what", PLANTED)
def test_the_comparison_sees_a_planted_difference(migrated: str, what: str) -> None:
    with psycopg.connect(migrated) as connection:
        before = schema_of(connection)
        database = connection.info.dbname
        connection.execute("set local search_path = ''")
        connection.execute(PLANTED[what].format(database=database).encode())
        seen = differences(before, schema_of(connection))
        connection.rollback()
    assert seen, "nothing was seen"
    assert any(line.startswith(what) for line in seen), seen
