"""Days that cannot be made: one clear line, the right kind of error, and nothing half stored."""

from dataclasses import replace
from datetime import date

import pytest

from synkro_assets.domain.business_day import BusinessDay
from synkro_assets.domain.errors import (
    MissingIntegration,
    SecretUnreadable,
    UnknownTenant,
    UsageProblem,
    WorkFailed,
)
from synkro_assets.domain.tenant import TenantSlug
from synkro_assets.operations.tenant_config import find_tenant
from synkro_assets.storage.key_ring import KEY_FILE
from tests.runs import claimed, rows_of, run
from tests.stage import Scene

MESSAGES = "messages"


def complaint(scene: Scene, kind: type[Exception] = WorkFailed) -> str:
    """What a run of the scene says when it fails."""
    with pytest.raises(kind) as failed:
        run(scene)
    assert type(failed.value) is kind
    said = str(failed.value)
    assert "\n" not in said
    assert "Traceback" not in said
    for integration in scene.integrations.values():
        for field in ("api_key", "long_lived_token", "bot_token"):
            assert field not in integration or integration[field] not in said
    return said


def assert_nothing_of_the_day(scene: Scene, source: str = "radist") -> None:
    """Nothing of the source that broke, and nothing made from it; sources load by themselves."""
    of_source = {
        "amocrm": ("raw.amocrm_events", "raw.amocrm_leads", "raw.amocrm_contacts"),
        "radist": ("raw.radist_chats", "raw.radist_messages"),
    }[source]
    for table in (
        *of_source,
        "marts.fct_dialogs", "marts.rpt_tenant_day",
        "app.report_facts", "app.reports", "app.deliveries",
    ):  # fmt: skip
        assert rows_of(scene, table) == [], table
    assert scene.chat() == []


@pytest.mark.usefixtures("impatient")
def test_radist_cutting_its_answers_leaves_nothing(scene: Scene) -> None:
    scene.simulators.break_requests("radist", MESSAGES, skip=12, close_mid_body=True)
    said = complaint(scene)
    assert said.startswith(f"{scene.tenant.slug}, 2026-03-05: ")
    assert "Radist" in said
    assert_nothing_of_the_day(scene)
    (ledger,) = scene.rows("select status, error from app.job_runs")
    assert ledger["status"] == "failed"
    assert ledger["error"] in said


@pytest.mark.usefixtures("impatient")
def test_a_day_that_failed_is_made_by_the_next_run(scene: Scene) -> None:
    scene.simulators.break_requests("radist", MESSAGES, skip=12, status=500)
    assert "Radist" in complaint(scene)
    assert_nothing_of_the_day(scene)
    scene.simulators.calm()
    done = run(scene)
    assert done.report.status == "complete"
    assert len(scene.chat()) == len(done.parts) > 0
    assert [row["status"] for row in scene.rows("select status from app.job_runs order by 1")] == [
        "failed",
        "success",
    ]


@pytest.mark.usefixtures("impatient")
def test_amocrm_breaking_down_leaves_nothing(scene: Scene) -> None:
    scene.simulators.break_requests("amocrm", "contacts", close_mid_body=True)
    assert "amoCRM" in complaint(scene)
    assert_nothing_of_the_day(scene, "amocrm")


def test_a_missing_integration(scene: Scene) -> None:
    scene.disconnect("radist")
    said = complaint(scene, MissingIntegration)
    assert f"tenant {scene.tenant.slug} has no radist integration" in said
    assert "synkro integrations set" in said
    assert_nothing_of_the_day(scene)


def test_a_key_that_the_provider_refuses(scene: Scene) -> None:
    scene.connect("radist", api_key="rk_wrong_key")
    said = complaint(scene)
    assert "Radist" in said
    assert "rk_wrong_key" not in said
    assert_nothing_of_the_day(scene)


def test_secrets_sealed_with_another_key(scene: Scene) -> None:
    (scene.platform.home / KEY_FILE).unlink()
    said = complaint(scene, SecretUnreadable)
    assert f"of tenant {scene.tenant.slug} open with no key of {scene.platform.home}" in said


def test_a_tenant_that_is_being_run(scene: Scene) -> None:
    with claimed(scene) as other:
        said = complaint(scene)
    assert f": {scene.tenant.slug} is being run already: run {other.job_run_id} for" in said
    assert "TenantIsBusy" not in said


def test_a_day_that_has_not_ended(scene: Scene) -> None:
    later = replace(scene, day=BusinessDay(date(2999, 1, 1)))
    assert "2999-01-01 of" in complaint(later, UsageProblem)
    assert scene.rows("select * from app.job_runs") == []


def test_a_tenant_nobody_added(scene: Scene) -> None:
    with pytest.raises(UnknownTenant, match="unknown tenant 'nobody'"):
        find_tenant(scene.platform, TenantSlug("nobody"))
