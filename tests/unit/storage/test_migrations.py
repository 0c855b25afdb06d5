"""Reading migration files: their names, their order, their statements."""

from __future__ import annotations

from pathlib import Path

import pytest

from synkro_assets.domain.errors import UsageProblem
from synkro_assets.storage.migrations import Migration, migrations_in

OURS = Path(__file__).resolve().parents[3] / "supabase" / "migrations"

FUNCTION = """\
create function app.f() returns trigger language plpgsql as $$
begin
  if new.x = ';' then
    raise exception 'it''s; %', new.x;
  end if;
  return new;
end;
$$"""


def statements(folder: Path, text: str) -> list[str]:
    path = folder / "20260301090000_topic.sql"
    path.write_text(text, encoding="utf-8")
    return Migration("20260301090000", "topic", path).statements


@pytest.mark.parametrize(
    "statement",
    [
        FUNCTION,
        "do $body$ begin perform 1; end; $body$",
        "insert into a values ('one; two', E'it''s;')",
        'create policy "read; own" on a using (true)',
        "select case when true then ';' else 'b' end",
        "create trigger t before insert on a for each row execute function f()",
        "-- a comment; with a semicolon\nselect 1",
        "/* a; comment */\nselect 1",
        "comment on table a is 'Ждут; ответа'",
    ],
)
def test_semicolons_inside_a_statement_do_not_end_it(tmp_path: Path, statement: str) -> None:
    text = f"create table a (x int);\n\n{statement};\n\ngrant select on a to b;\n"

    found = statements(tmp_path, text)

    assert found == ["create table a (x int)", statement, "grant select on a to b"]


@pytest.mark.parametrize("text", ["", "\n", "-- only words\n", "/* only; words */", ";\n;"])
def test_a_file_without_statements_has_none(tmp_path: Path, text: str) -> None:
    assert statements(tmp_path, text) == []


def test_a_closing_comment_is_no_statement(tmp_path: Path) -> None:
    assert statements(tmp_path, "select 1;\n-- done; really\n") == ["select 1"]


def test_migrations_come_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name in ("20260302000000_second.sql", "20260301000000_first_1.sql", "README.md"):
        (tmp_path / name).touch()

    found = migrations_in(tmp_path)

    expected = [("20260301000000", "first_1"), ("20260302000000", "second")]
    assert [(each.version, each.name) for each in found] == expected


@pytest.mark.parametrize(
    "name", ["first.sql", "20260301_first.sql", "20260301000000.sql", "20260301000000_First.sql"]
)
def test_a_file_that_is_not_named_so_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()

    with pytest.raises(UsageProblem, match=f"{name} is not named like a migration"):
        migrations_in(tmp_path)


def test_a_folder_without_migrations_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="no migrations"):
        migrations_in(tmp_path)


def test_our_own_migrations_split_with_every_dollar_quote_closed() -> None:
    for migration in migrations_in(OURS):
        assert migration.statements
        assert all(text.count("$$") % 2 == 0 for text in migration.statements)
        assert not any(text.endswith(";") for text in migration.statements)
