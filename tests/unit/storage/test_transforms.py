"""What dbt's outcome means, and when the parsed project is the one at hand."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from synkro_assets.domain.errors import UsageProblem
from synkro_assets.storage import transforms
from synkro_assets.storage.transforms import TransformProject, tenant_day_arguments


def event(kind: str, **data: Any) -> dict[str, Any]:
    return {"info": {"name": kind, "msg": "line one\n  line two"}, "data": data}


@pytest.mark.parametrize(
    ("raw", "complaint"),
    [
        (event("LogTestResult", status="fail", name="a", num_failures=3), "test a is red (3 rows)"),
        (event("LogTestResult", status="error", name="a"), "test a is red"),
        (event("LogTestResult", status="pass", name="a"), None),
        (event("RunResultError"), "line one line two"),
        (event("LogModelResult", status="success"), None),
        ({}, None),
    ],
)
def test_only_red_events_are_complaints(raw: dict[str, Any], complaint: str | None) -> None:
    assert transforms._complaint(raw) == complaint


def test_of_many_complaints_three_are_told() -> None:
    assert transforms._said(["a", "b", "c", "d", "e"], None) == "a; b; c; and 2 more"
    assert transforms._said(["a", "b", "c"], None) == "a; b; c"


def test_the_hash_follows_the_projects_files_and_not_what_was_built(tmp_path: Path) -> None:
    project = TransformProject(tmp_path)
    (tmp_path / "model.sql").write_text("select 1")
    first = project.content_hash()

    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "manifest.json").write_text("{}")
    assert project.content_hash() == first
    (tmp_path / "model.sql").write_text("select 2")
    assert project.content_hash() != first


def test_a_stale_build_is_refused_where_nothing_may_be_parsed(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="does not belong to this version"):
        TransformProject(tmp_path).prepare(may_parse=False)


def test_a_tenants_days_never_rebuild_a_view() -> None:
    arguments = tenant_day_arguments()

    assert "config.materialized:incremental" in arguments
    assert not any("view" in argument for argument in arguments)


def test_the_environment_is_left_as_it_was_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBT_A", "before")
    monkeypatch.delenv("DBT_B", raising=False)

    with transforms._environment({"DBT_A": "1", "DBT_B": "2"}):
        assert (os.environ["DBT_A"], os.environ["DBT_B"]) == ("1", "2")

    assert os.environ["DBT_A"] == "before"
    assert "DBT_B" not in os.environ
