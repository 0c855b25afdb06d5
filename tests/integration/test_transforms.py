"""The dbt project's own tests, on a real database: unit tests, audits, and building it twice."""

from __future__ import annotations

from typing import Any

import pytest

from synkro_assets.domain.errors import TransformFailed, UsageProblem
from synkro_assets.settings import PROJECT_ROOT
from synkro_assets.storage.database import Database
from synkro_assets.storage.transforms import TransformProject


@pytest.fixture
def project() -> TransformProject:
    return TransformProject(PROJECT_ROOT / "dbt_project")


def _results(events: list[dict[str, Any]]) -> dict[str, str]:
    """The outcome of each node that ran, by name."""
    finished = [event["data"] for event in events if event["info"]["name"] == "NodeFinished"]
    return {data["node_info"]["node_name"]: data["node_info"]["node_status"] for data in finished}


def test_the_unit_tests_of_the_models_pass(project: TransformProject, database: Database) -> None:
    events: list[dict[str, Any]] = []
    project.run(database.url, ["test", "--select", "test_type:unit"], {}, events.append)
    results = _results(events)
    assert len(results) >= 6
    assert set(results.values()) == {"pass"}


def test_the_audits_pass_over_the_whole_history(
    project: TransformProject, database: Database
) -> None:
    events: list[dict[str, Any]] = []
    project.run(database.url, ["test", "--select", "tag:audit"], {}, events.append)
    assert set(_results(events).values()) == {"pass"}


def test_a_project_that_is_built_is_not_built_again(
    project: TransformProject, database: Database
) -> None:
    assert project.is_built(database)
    assert project.build_once(database) is False


def test_a_malformed_tenant_never_reaches_the_database(
    project: TransformProject, database: Database
) -> None:
    variables = {"tenant_id": "nobody' or true --", "business_days": ["2026-03-05"]}
    with pytest.raises(TransformFailed):
        project.run(database.url, ["run"], variables)


def test_production_refuses_a_parse_that_belongs_to_another_version(
    project: TransformProject, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TransformProject, "content_hash", lambda _: "of another version")
    with pytest.raises(UsageProblem, match="does not belong to this version"):
        project.build_once(database, may_parse=False)
