"""What plain PostgreSQL gets so that it behaves as a Supabase project, and what is left alone."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import uuid4

import pytest

from synkro_assets.domain.errors import MigrationFailed
from synkro_assets.operations.setup import outstanding
from synkro_assets.settings import PROJECT_ROOT
from synkro_assets.storage.database import Database
from synkro_assets.storage.plain_postgres import make_compatible
from tests.databases import as_owner

LOCAL = PROJECT_ROOT / "supabase" / "local"


def prepare(database: Database, folder: Path = LOCAL) -> None:
    with database.owner_session() as connection:
        make_compatible(connection, folder)


def test_roles_are_as_supabase_has_them(empty_database: Database) -> None:
    prepare(empty_database)
    with as_owner(empty_database) as connection:
        roles = connection.execute(
            "select rolname, rolcanlogin, rolinherit, rolbypassrls, rolsuper from pg_roles "
            "where rolname in ('anon', 'authenticated', 'service_role', 'authenticator')"
        ).fetchall()
        members = connection.execute(
            "select roleid::regrole::text as role from pg_auth_members "
            "where member = 'authenticator'::regrole order by 1"
        ).fetchall()
    assert len(roles) == 4
    assert not any(role["rolcanlogin"] or role["rolinherit"] or role["rolsuper"] for role in roles)
    assert [role["rolname"] for role in roles if role["rolbypassrls"]] == ["service_role"]
    assert [row["role"] for row in members] == ["anon", "authenticated", "service_role"]


@pytest.mark.parametrize("role", ["anon", "authenticated", "service_role"])
def test_who_is_signed_in_is_read_from_the_claims(empty_database: Database, role: str) -> None:
    prepare(empty_database)
    prepare(empty_database)
    user = uuid4()
    asked = (
        "select auth.uid() as uid, auth.role() as role, auth.email() as email, auth.jwt() as jwt"
    )
    with as_owner(empty_database) as connection:
        connection.execute(f"set local role {role}".encode())
        nobody = connection.execute(asked.encode()).fetchone()
        claims = {"sub": str(user), "role": role, "email": "a@example.org"}
        connection.execute(
            "select set_config('request.jwt.claims', %s, true)", [json.dumps(claims)]
        )
        somebody = connection.execute(asked.encode()).fetchone()
    assert nobody == {"uid": None, "role": None, "email": None, "jwt": None}
    assert somebody == {"uid": user, "role": role, "email": "a@example.org", "jwt": claims}


def test_functions_that_are_there_already_are_left_alone(empty_database: Database) -> None:
    theirs = "00000000-0000-4000-8000-000000000001"
    with as_owner(empty_database) as connection:
        connection.execute("create schema auth")
        connection.execute(
            f"create function auth.uid() returns uuid language sql return '{theirs}'::uuid".encode()
        )
    prepare(empty_database)
    with as_owner(empty_database) as connection:
        functions = connection.execute(
            "select proname from pg_proc where pronamespace = 'auth'::regnamespace"
        ).fetchall()
        row = connection.execute("select auth.uid()::text as uid").fetchone()
    assert functions == [{"proname": "uid"}]
    assert row == {"uid": theirs}


def test_a_dry_run_prepares_nothing(empty_database: Database) -> None:
    assert outstanding(empty_database, PROJECT_ROOT).migrations
    with as_owner(empty_database) as connection:
        row = connection.execute("select to_regnamespace('auth') as auth").fetchone()
    assert row == {"auth": None}


def test_a_file_that_is_wrong_is_named_and_nothing_of_the_others_is_kept(
    empty_database: Database, tmp_path: Path
) -> None:
    (tmp_path / "1.sql").write_text("create table public.half (id int);")
    (tmp_path / "2.sql").write_text("select nothing from nowhere;")
    with pytest.raises(MigrationFailed, match=r'2\.sql .* relation "nowhere" does not exist'):
        prepare(empty_database, tmp_path)
    with as_owner(empty_database) as connection:
        row = connection.execute("select to_regclass('public.half') as half").fetchone()
    assert row == {"half": None}
