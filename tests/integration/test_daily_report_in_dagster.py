"""What Dagster's storage shows of a reported day, and what a red test does to a run."""

from typing import TYPE_CHECKING

import pytest

from synkro_assets.commands.dagster_runs import unmaterialized_assets
from synkro_assets.domain.errors import WorkFailed
from synkro_assets.storage.raw_rows import RAW_TABLES
from tests.databases import as_owner
from tests.integration.conftest import Reported
from tests.runs import dagster_of, rows_of, run
from tests.stage import Scene

if TYPE_CHECKING:
    from dagster import AssetCheckEvaluation, AssetMaterialization, DagsterInstance

ROW_COUNT = "dagster/partition_row_count"


def materializations(
    instance: "DagsterInstance", run_ids: list[str]
) -> dict[str, "AssetMaterialization"]:
    from dagster import DagsterEventType

    found = {}
    for run_id in run_ids:
        for record in instance.all_logs(run_id, of_type=DagsterEventType.ASSET_MATERIALIZATION):
            event = record.get_dagster_event()
            assert event.asset_key is not None
            assert event.partition == "2026-03-05|reported"
            found["/".join(event.asset_key.path)] = event.step_materialization_data.materialization
    return found


def checks(instance: "DagsterInstance", run_id: str) -> list["AssetCheckEvaluation"]:
    from dagster import DagsterEventType

    kind = DagsterEventType.ASSET_CHECK_EVALUATION
    return [
        record.get_dagster_event().asset_check_evaluation_data
        for record in instance.all_logs(run_id, of_type=kind)
    ]


def newest_run(instance: "DagsterInstance") -> str:
    (record,) = instance.get_run_records(limit=1)
    return record.dagster_run.run_id


def test_every_asset_of_the_runs_is_materialized(reported: Reported) -> None:
    run_ids = reported.outcome.run_ids
    with dagster_of(reported.scene.platform) as instance:
        assert unmaterialized_assets(instance, run_ids) == []
        made = materializations(instance, run_ids)
    assert {f"raw/{name}" for name in RAW_TABLES} <= made.keys()
    assert {"marts/fct_dialogs", "staging/stg_radist__messages", "reports/daily_facts"} <= set(made)
    assert {"reports/daily_report", "delivery/telegram_report"} <= made.keys()
    counts = {name: each.metadata.get(ROW_COUNT) for name, each in made.items()}
    uncounted = {name for name, count in counts.items() if count is None}
    assert uncounted == {"reports/daily_report", "delivery/telegram_report"}


@pytest.mark.parametrize(
    ("asset", "table"),
    [
        ("raw/radist_messages", "raw.radist_messages"),
        ("raw/amocrm_events", "raw.amocrm_events"),
        ("raw/amocrm_phone_lookups", "raw.amocrm_phone_lookups"),
        ("marts/fct_dialogs", "marts.fct_dialogs"),
        ("marts/fct_replies", "marts.fct_replies"),
        ("staging/stg_radist__messages", "raw.radist_messages"),
        ("reports/daily_facts", "app.report_facts"),
    ],
)
def test_row_counts_are_those_of_the_database(reported: Reported, asset: str, table: str) -> None:
    scene = reported.scene
    with dagster_of(scene.platform) as instance:
        made = materializations(instance, reported.outcome.run_ids)[asset]
    assert made.metadata[ROW_COUNT].value == len(scene.rows(f"select from {table}"))


def test_dbt_tests_are_asset_checks_and_green(reported: Reported) -> None:
    with dagster_of(reported.scene.platform) as instance:
        done = checks(instance, reported.outcome.run_ids[0])
    assert all(check.passed for check in done)
    names = {("/".join(check.asset_key.path), check.check_name) for check in done}
    assert ("reports/daily_facts", "facts_equal_marts") in names
    assert ("reports/daily_report", "conclusions_cite_facts") in names
    checked = {asset for asset, _ in names}
    assert {"marts/fct_dialogs", "marts/fct_leads", "marts/rpt_tenant_day"} <= checked


def test_a_planted_bad_row_turns_a_check_red_and_fails_the_run(copied: Scene) -> None:
    with as_owner(copied.platform.database) as connection:
        connection.execute(
            "create function public.spoil() returns trigger language plpgsql as $$ begin "
            "new.messages_in_count := -1; return new; end $$"
        )
        connection.execute(
            "create trigger spoil before insert on marts.fct_dialogs "
            "for each row execute function public.spoil()"
        )
    reports, chat = rows_of(copied, "app.reports"), copied.chat()
    with pytest.raises(WorkFailed, match=r"dbt build failed: test .* is red") as failed:
        run(copied)
    assert "\n" not in str(failed.value)
    with dagster_of(copied.platform) as instance:
        red = [each for each in checks(instance, newest_run(instance)) if not each.passed]
    assert any("/".join(each.asset_key.path) == "marts/fct_dialogs" for each in red)
    assert rows_of(copied, "app.reports") == reports
    assert copied.chat() == chat
