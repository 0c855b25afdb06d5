"""One run per tenant: who holds the claim, who takes it over, and what the ledger says of it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from synkro_assets.domain.errors import ClaimLost, TenantIsBusy, UsageProblem
from synkro_assets.domain.tenant import Tenant
from synkro_assets.operations.platform import Platform
from synkro_assets.operations.tenant_config import set_tenant
from synkro_assets.operations.tenant_run import TenantRun, begin_run
from synkro_assets.storage.run_ledger import events_since, run_of
from tests.conftest import SettableClock
from tests.integration.storage.conftest import DAY


def begin(platform: Platform, tenant: Tenant, run_id: str) -> TenantRun:
    request = {"job_type": "daily_report", "trigger_type": "manual", "requested_by": "anna"}
    return begin_run(platform, tenant, [DAY], {**request, "dagster_run_id": run_id})


def ask(platform: Platform, query: str) -> list[dict[str, Any]]:
    with platform.database.transaction() as connection:
        return connection.execute(query).fetchall()  # type: ignore[arg-type]


def expire_lease(platform: Platform) -> None:
    with platform.database.transaction() as connection:
        connection.execute("update app.run_claims set lease_until = now() - interval '1 second'")


def test_a_second_start_is_told_who_holds_the_tenant(platform: Platform, tenant: Tenant) -> None:
    first = begin(platform, tenant, "one")
    with first.step("raw/amocrm", progress=5):
        pass
    with pytest.raises(TenantIsBusy) as refused:
        begin(platform, tenant, "two")
    said = str(refused.value)
    assert f"run {first.job_run_id} for 2026-03-05" in said
    assert "by anna (manual), now at raw/amocrm" in said
    assert [row["dagster_run_id"] for row in ask(platform, "select * from app.job_runs")] == ["one"]
    first.close("success", None)


def test_a_finished_run_frees_its_tenant(platform: Platform, tenant: Tenant) -> None:
    begin(platform, tenant, "one").close("success", None)
    begin(platform, tenant, "two").close("failed", "it did not work")
    assert [
        (row["status"], row["error"], row["progress"])
        for row in ask(platform, "select * from app.job_runs order by job_run_id")
    ] == [("success", None, 100), ("failed", "it did not work", 0)]


def test_two_tenants_run_at_once(platform: Platform, tenant: Tenant, neighbour: Tenant) -> None:
    runs = [begin(platform, each, each.slug) for each in (tenant, neighbour)]
    for run in runs:
        run.close("success", None)


def test_an_expired_lease_is_taken_over_with_a_higher_token(
    platform: Platform, tenant: Tenant
) -> None:
    first = begin(platform, tenant, "one")
    (before,) = ask(platform, "select fencing_token from app.run_claims")
    expire_lease(platform)
    second = begin(platform, tenant, "two")
    (after,) = ask(platform, "select fencing_token, job_run_id from app.run_claims")
    assert after["fencing_token"] > before["fencing_token"]
    assert after["job_run_id"] == second.job_run_id
    second.close("success", None)
    first.close("failed", "lost")


def test_the_run_that_lost_its_claim_commits_nothing(platform: Platform, tenant: Tenant) -> None:
    first = begin(platform, tenant, "one")
    expire_lease(platform)
    second = begin(platform, tenant, "two")
    with pytest.raises(ClaimLost, match="nothing more is written"), first.transaction() as late:
        late.execute("update app.tenants set name = 'written too late'")
    with pytest.raises(ClaimLost), first.step("raw/radist", progress=20):
        pytest.fail("the step began")
    first.close("failed", "lost")
    assert ask(platform, "select name from app.tenants") == [{"name": "Acme"}]
    with second.transaction() as connection:
        connection.execute("update app.tenants set name = 'written in time'")
    second.close("success", None)
    assert ask(platform, "select name from app.tenants") == [{"name": "written in time"}]


def test_closing_a_lost_run_does_not_free_its_successor(platform: Platform, tenant: Tenant) -> None:
    first = begin(platform, tenant, "one")
    expire_lease(platform)
    second = begin(platform, tenant, "two")
    first.close("failed", "lost")
    with pytest.raises(TenantIsBusy):
        begin(platform, tenant, "three")
    second.close("success", None)


def test_the_ledger_tells_a_run_step_by_step(platform: Platform, tenant: Tenant) -> None:
    run = begin(platform, tenant, "one")
    with run.step("raw/amocrm", progress=5):
        run.log("stored 3 amocrm_leads", step="raw/amocrm", metadata={"amocrm_leads": 3})
    with pytest.raises(UsageProblem), run.step("raw/radist", progress=20):
        raise UsageProblem("the key is wrong")
    with platform.database.tenant_transaction(tenant.tenant_id) as connection:
        row = run_of(connection, tenant.tenant_id, "one")
        events = events_since(connection, tenant.tenant_id, "one", 0)
    assert row is not None
    assert (row["status"], row["current_step"], row["progress"]) == ("running", "raw/radist", 20)
    assert [(event.level, event.step, event.message) for event in events] == [
        ("info", "raw/amocrm", "started"),
        ("info", "raw/amocrm", "stored 3 amocrm_leads"),
        ("info", "raw/radist", "started"),
        ("error", "raw/radist", "the key is wrong"),
    ]
    assert run.failure == "the key is wrong"
    run.close("failed", run.failure)


def test_a_day_that_has_not_ended_is_refused_and_leaves_no_entry(
    platform: Platform, tenant: Tenant, clock: SettableClock
) -> None:
    clock.stands_at = datetime(2026, 3, 5, 19, 0, 59, tzinfo=UTC)
    with pytest.raises(UsageProblem, match=r"it closes at 2026-03-05 19:01 UTC.*2026-03-04"):
        begin(platform, tenant, "one")
    assert ask(platform, "select * from app.job_runs") == []
    clock.stands_at = datetime(2026, 3, 5, 19, 1, tzinfo=UTC)
    begin(platform, tenant, "one").close("success", None)


def test_a_day_keeps_the_window_it_was_first_read_with(platform: Platform, tenant: Tenant) -> None:
    first = begin(platform, tenant, "one")
    first.close("success", None)
    with platform.database.transaction() as connection:
        connection.execute("update app.tenant_runtime_configs set business_day_start = '06:00'")
    again = begin(platform, tenant, "two")
    assert again.plan(DAY) == first.plan(DAY)
    again.close("success", None)


def test_a_mode_that_no_asset_serves_yet_is_refused_in_one_line(
    platform: Platform, tenant: Tenant
) -> None:
    changed = set_tenant(platform, tenant.slug, ["mode=radist_only"])
    with pytest.raises(UsageProblem, match="radist_only, which this version does not run yet"):
        begin(platform, changed, "one")
    assert ask(platform, "select 1 from app.job_runs") == []
