"""A day that limits cut is gone on with by the daemon's own looks, until its report is whole."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from synkro_assets.commands.dagster_runs import loaded_definitions, run_job
from synkro_assets.operations.tenant_config import set_tenant
from tests.day_truth import figures
from tests.integration.test_daemon_looks import look
from tests.runs import dagster_of, run
from tests.stage import Scene

if TYPE_CHECKING:
    from dagster import DagsterInstance


def launch_asked(scene: Scene, instance: "DagsterInstance") -> bool:
    """Start what the sensor asks for, as the daemon does; whether there was anything."""
    asked = look(instance, "run_requests_sensor").run_requests or []
    assert len(asked) <= 1, "both sources go on in one run"
    for each in asked:
        outcome = run_job(
            instance, loaded_definitions(), str(each.job_name), scene.tenant, dict(each.tags)
        )
        assert outcome.succeeded, outcome.error
    return bool(asked)


def report(scene: Scene) -> dict[str, Any]:
    (found,) = scene.rows("select summary_text, metadata from app.reports")
    return found


def test_runs_that_the_sensor_launches_make_a_cut_report_whole(
    make_scene: Callable[..., Scene],
) -> None:
    scene = make_scene()
    truth = scene.truth()
    # Each source takes two runs.
    limits = {
        "max_amo_leads": len(truth["leads"]) * 2 // 3,
        "radist_fetch_limit": len(truth["dialogs"]) * 2 // 3,
    }
    set_tenant(
        scene.platform, scene.tenant.slug, [f"{name}={value}" for name, value in limits.items()]
    )

    run(scene, deliver=False)

    first = report(scene)
    said = {limit for gap in first["metadata"]["gaps"] for limit in gap["limits"]}
    assert said == limits.keys()
    assert all(limit in first["summary_text"] for limit in limits), "the report says so"
    with dagster_of(scene.platform) as instance:
        runs = 0
        while launch_asked(scene, instance):
            runs += 1
            assert runs < 4, "the runs come to an end"
    asked = scene.rows(
        "select status, error from app.job_runs where requested_by = 'synkro' order by job_run_id"
    )
    assert asked == [{"status": "success", "error": None}] * runs
    assert runs > 0
    last = report(scene)
    assert "gaps" not in last["metadata"]
    assert not any(limit in last["summary_text"] for limit in limits)
    dialogs = scene.rows("select 1 from marts.fct_dialogs")
    assert len(dialogs) == figures(truth).values[None, "dialogs"]
