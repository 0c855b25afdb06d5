"""The dbt house style, read off the parsed project."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from synkro_assets.storage.transforms import TransformProject

ROOT = Path(__file__).resolve().parents[2]
LAYERS = {
    "staging": r"stg_[a-z]+__[a-z_]+",
    "intermediate": r"int_[a-z]+__[a-z_]+",
    "marts": r"(dim|fct|rpt)_[a-z_]+",
}


@pytest.fixture(scope="module")
def models() -> list[dict[str, Any]]:
    project = TransformProject(ROOT / "dbt_project")
    project.prepare(may_parse=True)
    nodes = json.loads(project.manifest_path.read_bytes())["nodes"].values()
    return [node for node in nodes if node["resource_type"] == "model"]


def test_the_project_has_models_in_every_layer(models: list[dict[str, Any]]) -> None:
    assert {model["schema"] for model in models} == set(LAYERS)


def test_names_follow_the_grammar_of_their_layer(models: list[dict[str, Any]]) -> None:
    wrong = [m["name"] for m in models if not re.fullmatch(LAYERS[m["schema"]], m["name"])]
    assert not wrong


def test_every_model_states_its_grain(models: list[dict[str, Any]]) -> None:
    wrong = [m["name"] for m in models if not m["description"].startswith("One row per ")]
    assert not wrong


def test_every_model_has_a_yml_of_its_name_beside_it(models: list[dict[str, Any]]) -> None:
    for model in models:
        sql = ROOT / "dbt_project" / model["original_file_path"]
        assert sql.with_suffix(".yml").exists(), model["name"]
        assert model["patch_path"].endswith(f"/{model['name']}.yml"), model["name"]


def test_every_column_is_described_with_its_type(models: list[dict[str, Any]]) -> None:
    wrong = [
        f"{model['name']}.{column['name']}"
        for model in models
        for column in model["columns"].values()
        if not column["description"] or not column["data_type"]
    ]
    assert not wrong
    assert all(model["columns"] for model in models)


def test_the_tenant_is_the_first_column_of_every_model(models: list[dict[str, Any]]) -> None:
    wrong = [m["name"] for m in models if next(iter(m["columns"])) != "tenant_id"]
    assert not wrong


def test_a_mart_table_is_never_rebuilt_and_replaces_its_days(models: list[dict[str, Any]]) -> None:
    tables = [
        model
        for model in models
        if model["schema"] == "marts" and model["config"]["materialized"] != "view"
    ]
    assert tables
    for model in tables:
        config = model["config"]
        assert config["materialized"] == "incremental", model["name"]
        assert config["full_refresh"] is False, model["name"]
        assert config["incremental_strategy"] == "tenant_days", model["name"]


def test_every_duration_has_its_calendar_and_working_twin(models: list[dict[str, Any]]) -> None:
    for model in models:
        names = set(model["columns"])
        for name in names:
            if name.endswith("_calendar_minutes"):
                assert name.replace("_calendar_", "_working_") in names, f"{model['name']}.{name}"


def test_every_gate_test_is_a_check_of_an_asset() -> None:
    """A test that Dagster cannot attach to an asset would be an observation nobody looks at."""
    manifest = json.loads(TransformProject(ROOT / "dbt_project").manifest_path.read_bytes())
    graph = json.loads(Path(__file__).with_name("asset_graph.json").read_text())
    checks = {name for node in graph.values() for name in node["checks"]}
    gates = {
        node["name"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test" and "gate" in node["tags"]
    }
    assert gates
    assert gates <= checks
