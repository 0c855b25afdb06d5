"""What linters say of the finished database: Supabase's advisors, plpgsql_check, pgrls.

Everything they find counts, notes too; what is waived has its reason here or in ``pgrls.toml``.
`squawk`, which reads the migrations without a database, is part of `make check`.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from synkro_assets.storage.database import Database
from tests.compose import ROOT
from tests.databases import SERVER_VARIABLE, as_owner
from tests.tools import NO_PLPGSQL_CHECK, not_run, remote, run_supabase

# What an advisor names -> why it stays.
WAIVED = {
    r"unindexed_foreign_keys_dagster_\w+": "Dagster makes its own tables",
    r"no_primary_key_marts_\w+": "dbt makes them; its tests hold their keys to be unique",
    r"unused_index_\w+": "nobody has asked this database anything yet",
}


def _advice(database: Database, home: Path) -> list[str]:
    """What Supabase's advisors find and nothing waives."""
    command = ("db", "advisors", "--level", "info", "--fail-on", "error", remote(database.url))
    said = run_supabase(*command, home=home)
    assert said.returncode in (0, 1), said.stderr
    found = json.loads(said.stdout[said.stdout.index("[") :]) if "[" in said.stdout else []
    return [
        f"{each['level']} {each['cache_key']}: {each['detail']}"
        for each in found
        if not any(re.fullmatch(pattern, each["cache_key"]) for pattern in WAIVED)
    ]


def _complaints_of_plpgsql_check(database: Database, home: Path) -> str:
    command = ("db", "lint", "--level", "warning", "--fail-on", "warning", remote(database.url))
    said = run_supabase(*command, home=home)
    return "" if said.returncode == 0 else said.stdout + said.stderr


def _complaints_of_pgrls(database: Database) -> str:
    said = subprocess.run(
        [Path(sys.executable).parent / "pgrls", "lint", "--database-url", database.url],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return "" if said.returncode == 0 else said.stdout + said.stderr


def _execute(database: Database, statement: str) -> None:
    with as_owner(database) as connection:
        connection.execute(statement.encode())


def test_supabase_advises_nothing(database: Database, tmp_path: Path) -> None:
    assert _advice(database, tmp_path) == []


def test_supabase_advises_when_a_public_table_has_no_wall(
    database: Database, tmp_path: Path
) -> None:
    _execute(database, "create table public.open_to_all (id bigint primary key)")
    _execute(database, "grant select on public.open_to_all to anon")
    assert "ERROR rls_disabled_in_public_public_open_to_all" in "".join(_advice(database, tmp_path))


def test_pgrls_finds_nothing(database: Database) -> None:
    assert _complaints_of_pgrls(database) == ""


def test_pgrls_finds_a_wall_that_is_not_forced(database: Database) -> None:
    _execute(database, "alter table raw.radist_messages no force row level security")
    assert re.search(r"ERROR\s+SEC002\s+raw.radist_messages", _complaints_of_pgrls(database))


@pytest.fixture
def checked(database: Database) -> Database:
    """A database with plpgsql_check, which Supabase's command line asks for."""
    if not os.environ.get(SERVER_VARIABLE):
        pytest.skip("the embedded server has no plpgsql_check: .ci/run asks Debian's")
    try:
        _execute(database, "create extension plpgsql_check")
    except psycopg.errors.FeatureNotSupported:
        not_run(NO_PLPGSQL_CHECK)
    return database


def test_plpgsql_check_finds_nothing(checked: Database, tmp_path: Path) -> None:
    assert _complaints_of_plpgsql_check(checked, tmp_path) == ""


def test_plpgsql_check_finds_a_function_that_cannot_work(checked: Database, tmp_path: Path) -> None:
    _execute(
        checked,
        "create function app.broken() returns void language plpgsql as "
        "$$begin perform missing from app.tenants; end$$",
    )
    assert "app.broken" in _complaints_of_plpgsql_check(checked, tmp_path)
