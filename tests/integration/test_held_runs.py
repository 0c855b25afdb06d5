"""A run that met a stopped account is started again by itself, once the account answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from synkro_assets.assets.raw_amocrm import amocrm_source
from synkro_assets.assets.raw_specs import load_days
from synkro_assets.domain.errors import AccountStopped
from synkro_assets.operations.platform import Platform
from synkro_assets.operations.run_reading import listed, row
from synkro_assets.operations.run_supervision import requested_runs, runs_to_reconcile, stop_run
from synkro_assets.operations.stopped_accounts import Look, try_again
from synkro_assets.operations.tenant_config import set_tenant
from synkro_assets.operations.tenant_run import begin_run
from tests.integration.test_daemon_looks import look
from tests.integration.test_stopped_account import FixedClock, asked, ban, refuse, status
from tests.runs import dagster_of, order
from tests.stage import Scene, set_scene

NOW = datetime.now(UTC)
NOTHING = Look(0, 0, 0)


@pytest.fixture
def scene(make_scene: Callable[..., Scene]) -> Scene:
    """A tenant whose schedule is on."""
    return make_scene(settings=("is_schedule_enabled=yes",))


def at(scene: Scene, minutes: float) -> Platform:
    return replace(scene.platform, clock=FixedClock(NOW + timedelta(minutes=minutes)))


def meet_the_stop(scene: Scene, minutes: float = 0, trigger: str = "schedule") -> int:
    """A run of the scene's day that amoCRM refuses; returns its number."""
    begun = begin_run(at(scene, minutes), scene.tenant, order(scene.day, trigger_type=trigger))
    with pytest.raises(AccountStopped):
        load_days(begun, amocrm_source(begun, print), "run", print).require_all_done()
    begun.close("failed", "the account is stopped")
    return begun.job_run_id


def held(scene: Scene) -> list[dict[str, Any]]:
    return scene.rows("select * from app.job_runs where waits_for is not null order by job_run_id")


def test_a_stopped_run_is_let_go_when_its_account_answers_and_not_before(scene: Scene) -> None:
    ban(scene)
    first = meet_the_stop(scene)
    (waiting,) = held(scene)
    assert waiting["not_before"] == NOW + timedelta(minutes=15)
    assert (waiting["status"], waiting["waits_for"]) == ("pending", "amocrm")
    requests = asked(scene)
    assert try_again(at(scene, 14)) == NOTHING
    assert requested_runs(at(scene, 14)) == []
    assert asked(scene) == requests
    assert try_again(at(scene, 15)) == Look(let_go=0, put_off=1, given_up=0)
    assert asked(scene) == requests + 1, "the account's own page tells it all"
    assert held(scene)[0]["not_before"] == NOW + timedelta(minutes=75)
    scene.simulators.calm()
    assert try_again(at(scene, 74)) == NOTHING
    assert try_again(at(scene, 75)) == Look(let_go=1, put_off=0, given_up=0)
    assert status(scene) == ("ok", None)
    (wanted,) = requested_runs(at(scene, 75))
    assert (wanted.job_run_id, wanted.days) == (waiting["job_run_id"], [scene.day])
    assert (wanted.trigger_type, wanted.requested_by) == ("schedule", "a test")
    assert try_again(at(scene, 76)) == NOTHING
    told = scene.rows("select message from app.job_run_events where job_run_id = %s", first)
    assert "started again by itself" in str(told)


def test_however_many_runs_meet_a_stop_their_day_is_asked_for_once(scene: Scene) -> None:
    ban(scene)
    for minutes in (0, 5, 20):
        meet_the_stop(scene, minutes)
    assert len(held(scene)) == 1


def test_a_let_go_run_that_meets_the_next_stop_waits_again(scene: Scene) -> None:
    ban(scene)
    meet_the_stop(scene)
    scene.simulators.calm()
    try_again(at(scene, 15))
    (wanted,) = requested_runs(at(scene, 15))
    ban(scene)
    again = order(scene.day, trigger_type="schedule", job_run_id=wanted.job_run_id)
    begun = begin_run(at(scene, 16), scene.tenant, again)
    with pytest.raises(AccountStopped):
        load_days(begun, amocrm_source(begun, print), "run", print).require_all_done()
    begun.close("failed", "the account is stopped")
    assert [each["status"] for each in held(scene)] == ["failed", "pending"]


def test_a_paused_tenants_run_stays_held_until_it_is_active_again(scene: Scene) -> None:
    ban(scene)
    meet_the_stop(scene, trigger="manual")
    scene.simulators.calm()
    set_tenant(scene.platform, scene.tenant.slug, ["status=paused"])
    requests = asked(scene)
    assert try_again(at(scene, 60)) == NOTHING
    assert asked(scene) == requests
    set_tenant(scene.platform, scene.tenant.slug, ["status=active"])
    assert try_again(at(scene, 61)).let_go == 1


def test_while_the_schedule_is_off_only_what_it_asked_for_stays_held(scene: Scene) -> None:
    set_tenant(scene.platform, scene.tenant.slug, ["is_schedule_enabled=no"])
    ban(scene)
    meet_the_stop(scene, trigger="schedule")
    scene.simulators.calm()
    assert try_again(at(scene, 20)) == NOTHING
    set_tenant(scene.platform, scene.tenant.slug, ["is_schedule_enabled=yes"])
    assert try_again(at(scene, 21)).let_go == 1


def test_a_held_run_can_be_stopped_and_shows_what_it_waits_for(scene: Scene) -> None:
    ban(scene)
    meet_the_stop(scene)
    (waiting,) = held(scene)
    shown = row(listed(scene.platform, scene.tenant, 1)[0], scene.tenant)
    assert any(cell.startswith("waits for amocrm until 20") for cell in shown)
    stop_run(scene.platform, waiting["job_run_id"], "a test")
    assert try_again(at(scene, 20)) == NOTHING


def test_what_waited_for_a_week_is_given_up_with_a_reason(scene: Scene) -> None:
    ban(scene)
    meet_the_stop(scene)
    assert try_again(at(scene, 7 * 24 * 60)).given_up == 0
    assert try_again(at(scene, 7 * 24 * 60 + 1)) == Look(0, 0, 1)
    assert held(scene)[0]["status"] == "failed"
    assert "run the day by hand" in held(scene)[0]["error"]


def test_a_neighbours_run_goes_on_while_one_account_is_stopped(scene: Scene) -> None:
    other = set_scene(scene.platform, scene.simulators, f"{scene.tenant.slug}-b")
    refuse(scene)
    meet_the_stop(scene)
    begun = begin_run(at(other, 1), other.tenant, order(other.day))
    load_days(begun, amocrm_source(begun, print), "run", print).require_all_done()
    begun.close("success", None)
    assert try_again(at(scene, 15)).put_off == 1
    assert held(other) == []


def test_an_account_of_two_tenants_is_tried_by_one_of_them(scene: Scene) -> None:
    settings = ("is_schedule_enabled=yes",)
    slug = f"{scene.tenant.slug}-b"
    other = set_scene(scene.platform, scene.simulators, slug, settings=settings)
    other.connect("amocrm", **scene.integrations["amocrm"])
    refuse(scene)
    for each in (scene, other):
        meet_the_stop(each)
    requests = asked(scene)
    assert try_again(at(scene, 15)).put_off == 2
    assert asked(scene) == requests + 1
    scene.simulators.calm()
    assert try_again(at(scene, 75)).let_go == 2


@pytest.mark.parametrize(("trigger", "is_sent"), [("schedule", True), ("manual", False)])
def test_the_sensors_launch_it_and_send_what_somebody_waits_for(
    scene: Scene, trigger: str, is_sent: bool
) -> None:
    ban(scene)
    meet_the_stop(scene, minutes=-20, trigger=trigger)
    scene.simulators.calm()
    with dagster_of(scene.platform) as instance:
        assert not look(instance, "run_requests_sensor").run_requests
        assert runs_to_reconcile(scene.platform) == []
        assert "1 runs let go" in str(look(instance, "stopped_accounts_sensor").skip_message)
        (launched,) = look(instance, "run_requests_sensor").run_requests or []
    assert launched.job_name == "daily_report_job"
    assert ("synkro/deliver" not in launched.tags) is is_sent
