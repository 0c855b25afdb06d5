"""What ``doctor`` and ``integrations show`` say of accounts that refuse everything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from synkro_assets.operations.account_standing import shown
from synkro_assets.operations.doctor import Finding, examine
from synkro_assets.operations.integration_checks import check_integrations
from synkro_assets.operations.stopped_accounts import try_again
from synkro_assets.settings import PROJECT_ROOT
from tests.integration.command_line import CommandLine
from tests.integration.test_held_runs import NOW, at, meet_the_stop
from tests.integration.test_stopped_account import asked, ban
from tests.stage import Scene, set_scene


@pytest.fixture
def scene(make_scene: Callable[..., Scene]) -> Scene:
    """A tenant whose integrations work."""
    made = make_scene(settings=("is_schedule_enabled=yes",))
    check_integrations(made.platform, made.tenant)
    return made


def about(scene: Scene, words: str, minutes: int = 0) -> list[Finding]:
    """What the doctor says of a part of the scene's tenant."""
    found = examine(at(scene, minutes), PROJECT_ROOT)
    return [each for each in found if each.subject == f"tenant {scene.tenant.slug}: {words}"]


def amocrm(scene: Scene) -> dict[str, Any]:
    (found,) = [each for each in shown(at(scene, 0), scene.tenant) if each["kind"] == "amocrm"]
    return found


def test_a_stop_is_told_with_its_beginning_its_end_and_what_to_do(scene: Scene) -> None:
    ban(scene)
    meet_the_stop(scene, minutes=-20)
    try_again(at(scene, -5))
    (finding,) = about(scene, "amocrm")
    assert finding.status == "error"
    since, again = (f"{at(scene, minutes).clock.now():%Y-%m-%d %H:%M} UTC" for minutes in (-20, 55))
    for part in (
        "amoCRM refuses every request from this account",
        f"since {since}; it will be tried again at {again}; 1 runs wait for it",
        f"'synkro integrations check {scene.tenant.slug} amocrm' tries at once",
    ):
        assert part in finding.detail
    (alert,) = about(scene, "alert amocrm_stopped")
    assert alert.status == "warning"
    assert "(told at 20" in alert.detail
    standing = amocrm(scene)
    assert (standing["status"], standing["runs_waiting"]) == ("error", 1)
    assert standing["tried_again_at"] > NOW.isoformat() > standing["stopped_since"]


def test_an_account_that_answers_again_is_nothing_to_tell_of(scene: Scene) -> None:
    ban(scene)
    meet_the_stop(scene)
    scene.simulators.calm()
    try_again(at(scene, 15))
    assert [each.status for each in about(scene, "amocrm", 16)] == ["ok"]
    assert about(scene, "alert amocrm_stopped", 16) == []
    assert "stopped_since" not in amocrm(scene)


def test_a_tenant_that_shares_the_account_hears_of_it_without_asking(scene: Scene) -> None:
    other = set_scene(scene.platform, scene.simulators, f"{scene.tenant.slug}-b")
    other.connect("amocrm", **scene.integrations["amocrm"])
    check_integrations(other.platform, other.tenant)
    ban(scene)
    meet_the_stop(scene)
    requests = asked(scene)
    (finding,) = about(other, "amocrm")
    assert (finding.status, "it will be tried again at" in finding.detail) == ("error", True)
    assert asked(scene) == requests


def test_an_alert_that_reached_nobody_says_why(scene: Scene) -> None:
    scene.disconnect("telegram")
    ban(scene)
    meet_the_stop(scene)
    (alert,) = about(scene, "alert amocrm_stopped")
    assert "told nobody: the tenant has no telegram integration" in alert.detail


def test_the_commands_show_it(scene: Scene) -> None:
    ban(scene)
    meet_the_stop(scene)
    synkro = CommandLine(scene.platform.home, scene.platform.database.url, [])
    doctor = synkro.here("doctor")
    assert doctor.code == 1
    assert "it will be tried again" in doctor.stdout
    told = synkro.here("integrations", "show", scene.tenant.slug).stdout
    assert all(name in told for name in ("last_error", "stopped_since", "tried_again_at"))
