"""Migrating a real database: once, together with others, and not at all when one file is wrong."""

import threading
from pathlib import Path

import pytest

from synkro_assets.domain.errors import MigrationFailed, UsageProblem
from synkro_assets.operations.setup import bring_up_to_date, outstanding, require_up_to_date
from synkro_assets.settings import PROJECT_ROOT
from synkro_assets.storage.database import Database
from synkro_assets.storage.migrations import Migration, migrate, migrations_in, pending_migrations
from synkro_assets.storage.transforms import TransformProject
from tests.databases import as_owner

FOLDER = PROJECT_ROOT / "supabase" / "migrations"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two migrations that apply."""
    (tmp_path / "20260101000000_shelves.sql").write_text(
        "-- Where books stand.\ncreate table shelves (id int primary key);\n\n"
        "insert into shelves values (1);\n"
    )
    (tmp_path / "20260102000000_books.sql").write_text("create table books (id int);\n")
    return tmp_path


def history(database: Database) -> list[tuple[str, str, list[str]]]:
    with as_owner(database) as connection:
        rows = connection.execute(
            "select version, name, statements from supabase_migrations.schema_migrations "
            "order by version"
        )
        return [(row["version"], row["name"], row["statements"]) for row in rows]


def tables(database: Database) -> set[str]:
    with as_owner(database) as connection:
        rows = connection.execute("select tablename from pg_tables where schemaname = 'public'")
        return {row["tablename"] for row in rows}


def test_the_history_is_the_one_the_supabase_cli_keeps(
    empty_database: Database, folder: Path
) -> None:
    migrate(empty_database, folder)
    assert history(empty_database) == [
        (
            "20260101000000",
            "shelves",
            [
                "-- Where books stand.\ncreate table shelves (id int primary key)",
                "insert into shelves values (1)",
            ],
        ),
        ("20260102000000", "books", ["create table books (id int)"]),
    ]


def test_a_second_migration_does_nothing(empty_database: Database, folder: Path) -> None:
    assert len(migrate(empty_database, folder)) == 2
    before = history(empty_database)
    assert migrate(empty_database, folder) == []
    assert history(empty_database) == before


def test_a_failing_migration_leaves_nothing_and_names_file_and_line(
    empty_database: Database, folder: Path
) -> None:
    (folder / "20260103000000_broken.sql").write_text(
        "create table half (id int);\n\n-- Not there.\ninsert into nowhere\nvalues (1);\n"
    )
    with pytest.raises(MigrationFailed) as failed:
        migrate(empty_database, folder)
    said = str(failed.value)
    assert "20260103000000_broken.sql" in said
    assert "line 3" in said
    assert 'relation "nowhere" does not exist' in said
    assert "\n" not in said
    assert tables(empty_database) == {"shelves", "books"}
    assert [version for version, _, _ in history(empty_database)] == [
        "20260101000000",
        "20260102000000",
    ]


def test_two_migrators_at_once_apply_each_migration_once(
    empty_database: Database, folder: Path
) -> None:
    (folder / "20260103000000_slow.sql").write_text("select pg_sleep(0.3);\n")
    applied: list[Migration] = []
    migrators = [
        threading.Thread(target=lambda: applied.extend(migrate(empty_database, folder)))
        for _ in range(2)
    ]
    for migrator in migrators:
        migrator.start()
    for migrator in migrators:
        migrator.join()
    assert sorted(each.name for each in applied) == ["books", "shelves", "slow"]
    assert len(history(empty_database)) == 3


def test_a_dry_run_changes_nothing(empty_database: Database) -> None:
    left = outstanding(empty_database, PROJECT_ROOT)
    assert left.migrations == [each.path.name for each in migrations_in(FOLDER)]
    assert left.transforms_built
    with as_owner(empty_database) as connection:
        schemas = connection.execute(
            "select nspname from pg_namespace where nspname !~ '^pg_|^information'"
        ).fetchall()
    assert [row["nspname"] for row in schemas] == ["public"]


def test_what_another_tool_recorded_is_not_applied_again(
    empty_database: Database, folder: Path
) -> None:
    with as_owner(empty_database) as connection:
        connection.execute("create schema supabase_migrations")
        connection.execute(
            "create table supabase_migrations.schema_migrations "
            "(version text not null primary key, statements text[], name text)"
        )
        connection.execute(
            "insert into supabase_migrations.schema_migrations values ('20260101000000', null, "
            "null)"
        )
    assert [each.name for each in pending_migrations(empty_database, folder)] == ["books"]
    migrate(empty_database, folder)
    assert tables(empty_database) == {"books"}


def test_a_database_behind_is_refused_with_what_to_do(empty_database: Database) -> None:
    with pytest.raises(UsageProblem, match="run 'synkro migrate'"):
        require_up_to_date(empty_database, PROJECT_ROOT)


def test_transforms_are_built_once(database: Database) -> None:
    project = TransformProject(PROJECT_ROOT / "dbt_project")
    assert project.is_built(database)
    assert project.build_once(database) is False
    done = bring_up_to_date(database, PROJECT_ROOT)
    assert (done.migrations, done.transforms_built) == ([], False)


def test_transforms_of_another_version_are_built_again(database: Database) -> None:
    project = TransformProject(PROJECT_ROOT / "dbt_project")
    with as_owner(database) as connection:
        connection.execute("update app.transform_builds set project_hash = 'another'")
    with pytest.raises(UsageProblem, match="the transforms"):
        require_up_to_date(database, PROJECT_ROOT)
    assert not project.is_built(database)
