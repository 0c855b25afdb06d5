"""What Dagster sees: it loads anywhere, and its graph changes only on purpose."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from dagster import AssetKey, Definitions

from synkro_assets.definitions import build_defs
from synkro_assets.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
SNAPSHOT = Path(__file__).with_name("asset_graph.json")
RAW_TABLES = {
    "amocrm_leads", "amocrm_contacts", "amocrm_contact_channels", "amocrm_contact_sightings",
    "amocrm_lead_contacts",
    "amocrm_events", "amocrm_users", "amocrm_phone_lookups",
    "amocrm_pipelines", "amocrm_loss_reasons", "radist_chats", "radist_messages",
}  # fmt: skip
MARTS = {
    "dim_managers", "fct_leads", "fct_lead_stage_changes", "fct_dialogs", "fct_replies",
    "rpt_manager_day", "rpt_tenant_day",
}  # fmt: skip


@pytest.fixture(scope="module")
def defs() -> Definitions:
    return build_defs(Settings(_env_file=None))  # type: ignore[call-arg]  # pydantic-settings' own


def _graph(defs: Definitions) -> dict[str, Any]:
    graph = defs.resolve_asset_graph()
    return {
        key.to_user_string(): {
            "group": graph.get(key).group_name,
            "kinds": sorted(graph.get(key).kinds),
            "parents": sorted(parent.to_user_string() for parent in graph.get(key).parent_keys),
            "checks": sorted(check.name for check in graph.get(key).check_keys),
        }
        for key in sorted(graph.get_all_asset_keys())
    }


def test_definitions_load_in_a_bare_interpreter_without_environment_or_database() -> None:
    count = "len(defs.resolve_asset_graph().get_all_asset_keys())"
    code = f"from synkro_assets.definitions import defs; print({count})"
    bare = subprocess.run(
        [sys.executable, "-c", code],
        env={"PATH": os.environ["PATH"]},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert bare.returncode == 0, bare.stderr
    assert int(bare.stdout) > 0


def test_the_asset_graph_is_the_one_that_was_agreed(defs: Definitions) -> None:
    """After a wanted change: ``SYNKRO_WRITE_SNAPSHOT=1 pytest tests/conventions``; read it."""
    if os.environ.get("SYNKRO_WRITE_SNAPSHOT") == "1":
        SNAPSHOT.write_text(json.dumps(_graph(defs), indent=1, ensure_ascii=False) + "\n")
    assert _graph(defs) == json.loads(SNAPSHOT.read_text())


def test_public_names_are_kept(defs: Definitions) -> None:
    keys = {key.to_user_string() for key in defs.resolve_asset_graph().get_all_asset_keys()}
    wanted = {f"raw/{name}" for name in RAW_TABLES} | {f"marts/{name}" for name in MARTS}
    wanted |= {"reports/daily_facts", "reports/daily_report", "delivery/telegram_report"}
    assert wanted <= keys
    jobs = {job.name for job in defs.resolve_all_job_defs()}
    assert {"daily_report_job", "telegram_delivery_job"} <= jobs


def test_every_asset_is_partitioned_by_tenant_and_business_day(defs: Definitions) -> None:
    graph = defs.resolve_asset_graph()
    for key in graph.materializable_asset_keys:
        partitions = graph.get(key).partitions_def
        assert partitions is not None, key
        names = {dimension.name for dimension in partitions.partitions_defs}  # type: ignore[attr-defined]  # multi-partitions
        assert names == {"tenant", "business_day"}, key
        by_name = {each.name: each.partitions_def for each in partitions.partitions_defs}  # type: ignore[attr-defined]  # multi-partitions
        assert by_name["tenant"].name == "synkro_tenants", key


def test_every_asset_says_who_owns_it_what_it_is_and_where_it_belongs(defs: Definitions) -> None:
    graph = defs.resolve_asset_graph()
    for key in graph.materializable_asset_keys:
        node = graph.get(key)
        assert node.owners, key
        assert 2 <= len(node.kinds) <= 3, (key, node.kinds)
        assert node.description, key
        assert node.group_name, key


def test_tables_carry_their_column_schema(defs: Definitions) -> None:
    graph = defs.resolve_asset_graph()
    for layer in ("raw", "staging", "intermediate", "marts"):
        keys = [key for key in graph.get_all_asset_keys() if key.path[0] == layer]
        assert keys, layer
        for key in keys:
            assert "dagster/column_schema" in graph.get(key).metadata, key


def test_lineage_runs_from_raw_to_delivery(defs: Definitions) -> None:
    graph = defs.resolve_asset_graph()
    seen: set[AssetKey] = set()
    frontier = {AssetKey(["delivery", "telegram_report"])}
    while frontier:
        seen |= frontier
        frontier = {parent for key in frontier for parent in graph.get(key).parent_keys} - seen
    assert {AssetKey(["raw", name]) for name in RAW_TABLES} <= seen


def test_jobs_run_in_process(defs: Definitions) -> None:
    for job in defs.resolve_all_job_defs():
        assert job.executor_def.name == "in_process", job.name
