"""The export among a day's runs: asked for when it is owed, and no other run's trouble."""

from datetime import timedelta
from pathlib import Path

import pytest

from synkro_assets.commands.backfill import run_backfill
from synkro_assets.commands.dagster_runs import run_job, unmaterialized_assets
from synkro_assets.commands.run import export_owed
from synkro_assets.domain.business_day import BusinessDay
from synkro_assets.domain.errors import WorkFailed
from synkro_assets.operations.supabase_export import due_exports
from synkro_assets.operations.tenant_config import set_tenant
from synkro_assets.operations.tenant_run import begin_run
from synkro_assets.storage.database import Database
from tests.databases import as_owner
from tests.integration.command_line import CommandLine
from tests.integration.export.conftest import Exporting
from tests.integration.test_daemon_looks import look
from tests.runs import dagster_of, installed, order, run
from tests.stage import Scene
from tests.tenant_project import MIGRATIONS, TenantProject

PAUSED = "does not answer (status 522): see in its dashboard whether it is paused"


def age(exporting: Exporting, **how: int) -> None:
    """Let time pass since the tenant's last run."""
    passed = [timedelta(**how)]
    with as_owner(exporting.scene.platform.database) as connection:
        connection.execute("update app.exports set next_attempt_at = next_attempt_at - %s", passed)
        connection.execute("update app.job_runs set finished_at = finished_at - %s", passed)


def test_a_run_exports_its_day_last(scene: Scene, project: TenantProject) -> None:
    scene.integrations["supabase"] = project.integration()
    scene.connect("supabase")
    done = run(scene)
    assert len(done.run_ids) == 3
    (report,) = project.rows("select summary_text, source_report_id from public.reports")
    assert report == {
        "summary_text": done.report.summary_text,
        "source_report_id": done.report.report_id,
    }
    with dagster_of(scene.platform) as instance:
        assert unmaterialized_assets(instance, done.run_ids) == []
        job_names = {instance.get_run_by_id(run_id).job_name for run_id in done.run_ids}
    assert "supabase_export_job" in job_names
    ledger = scene.rows("select job_type, status from app.job_runs order by job_run_id")
    assert ledger[-1] == {"job_type": "supabase_export", "status": "success"}


@pytest.mark.usefixtures("impatient")
def test_the_rest_of_the_day_goes_on_without_the_project(
    scene: Scene, project: TenantProject
) -> None:
    scene.integrations["supabase"] = project.integration()
    scene.connect("supabase")
    project.gateway.break_requests(522)
    with pytest.raises(WorkFailed) as failed:
        run(scene)
    assert PAUSED in str(failed.value)
    assert scene.chat(), "the report was delivered"
    ledger = scene.rows("select job_type, status, error from app.job_runs order by job_run_id")
    assert [(each["job_type"], each["status"]) for each in ledger] == [
        ("daily_report", "success"), ("supabase_export", "failed"),
    ]  # fmt: skip
    assert PAUSED in ledger[-1]["error"]
    (owed,) = scene.rows("select status, last_error from app.exports")
    assert owed["status"] == "pending" and PAUSED in owed["last_error"]


def test_a_tenant_without_a_project_owes_nothing_and_its_export_is_no_green_nothing(
    copied: Scene,
) -> None:
    assert len(run(copied).run_ids) == 2
    assert copied.rows("select 1 as n from app.exports") == []
    from synkro_assets.definitions import defs
    from synkro_assets.partitions import run_tags

    with dagster_of(copied.platform) as instance:
        tags = run_tags(copied.tenant.slug, copied.day)
        outcome = run_job(instance, defs, "supabase_export_job", copied.tenant, tags)
    assert not outcome.succeeded
    assert f"tenant {copied.tenant.slug} has no supabase integration" in (outcome.error or "")
    assert copied.rows("select 1 as n from app.exports") == []


def test_a_backfill_exports_its_days_and_says_what_kept_it_from_that(
    scene: Scene, project: TenantProject, impatient: None
) -> None:
    scene.integrations["supabase"] = project.integration()
    scene.connect("supabase")
    next_day = scene.on(BusinessDay(scene.day + timedelta(days=1)))
    with installed(scene.platform) as settings:
        days = (scene.platform, scene.tenant, scene.day, next_day.day)
        done = run_backfill(settings, *days, deliver=False)
        assert done.export_error is None and not done.failed
        found = project.rows("select distinct business_day from public.messages order by 1")
        assert [row["business_day"] for row in found] == [scene.day, next_day.day]
        project.gateway.break_requests(522)
        again = run_backfill(settings, *days, deliver=False)
    assert again.done == set(again.days)
    assert PAUSED in (again.export_error or "")
    # The second day was not asked for: the first had shown that nobody answers.
    owed = scene.rows("select status, last_error from app.exports order by business_day")
    assert [row["status"] for row in owed] == ["pending", "pending"]
    assert all(PAUSED in row["last_error"] for row in owed)


def test_the_sensor_asks_for_what_is_owed_and_nothing_else(
    exporting: Exporting, project: TenantProject
) -> None:
    scene = exporting.scene
    with dagster_of(scene.platform) as instance:
        assert not look(instance, "supabase_export_sensor").run_requests
        exporting.connect(project)
        with as_owner(scene.platform.database) as connection:
            connection.execute("update app.job_runs set finished_at = now()")
        assert not look(instance, "supabase_export_sensor").run_requests, "a command may be at it"
        age(exporting, seconds=61)
        (asked,) = look(instance, "supabase_export_sensor").run_requests
        assert asked.job_name in (None, "supabase_export_job")
        assert asked.tags["dagster/partition"] == f"{scene.day}|{scene.tenant.slug}"
        busy = begin_run(scene.platform, scene.tenant, order(scene.day))
        assert not look(instance, "supabase_export_sensor").run_requests
        busy.close("success", None)
        age(exporting, seconds=61)
        set_tenant(scene.platform, scene.tenant.slug, ["status=paused"])
        assert not look(instance, "supabase_export_sensor").run_requests
        set_tenant(scene.platform, scene.tenant.slug, ["status=active"])
        exporting.export()
        age(exporting, minutes=60)
        assert not look(instance, "supabase_export_sensor").run_requests


def test_the_sensor_asks_again_after_a_failure_and_for_days_together(
    exporting: Exporting, project: TenantProject
) -> None:
    scene = exporting.scene
    exporting.connect(project, service_role_key=project.publishable_key)
    age(exporting, seconds=61)
    with dagster_of(scene.platform) as instance:
        (first,) = look(instance, "supabase_export_sensor").run_requests
        with pytest.raises(WorkFailed):
            exporting.export()
        age(exporting, minutes=9)
        assert not look(instance, "supabase_export_sensor").run_requests
        age(exporting, minutes=2)
        (second,) = look(instance, "supabase_export_sensor").run_requests
        assert second.run_key != first.run_key
        with as_owner(scene.platform.database) as connection:
            connection.execute(
                "insert into app.exports (tenant_id, business_day, target, next_attempt_at) "
                "select tenant_id, business_day + n, target, next_attempt_at "
                "from app.exports, unnest(array[1, 2, 5]) as n"
            )
        (together,) = look(instance, "supabase_export_sensor").run_requests
    tags = together.tags
    assert tags["dagster/asset_partition_range_start"].startswith(str(scene.day))
    assert tags["dagster/asset_partition_range_end"].startswith(str(scene.day + timedelta(days=2)))
    scene.disconnect("supabase")
    assert due_exports(scene.platform) == []


def test_nothing_is_exported_twice_by_a_command(
    exporting: Exporting, project: TenantProject
) -> None:
    scene = exporting.scene
    exporting.connect(project)
    exporting.export()

    def never(*_: object, **__: object) -> None:
        raise AssertionError("the day is there")

    assert export_owed(scene.platform, scene.tenant, scene.day, never, {}) == []


def test_schema_sql_prints_the_sql_and_nothing_else_on_stdout(
    empty_database: Database, tmp_path: Path
) -> None:
    synkro = CommandLine(tmp_path, empty_database.url, [])
    printed = synkro("integrations", "schema-sql")
    assert printed.code == 0
    assert "SQL editor" in printed.stderr
    texts = [path.read_text(encoding="utf-8") for path in MIGRATIONS]
    assert printed.stdout.strip() == "\n".join(texts).strip()
