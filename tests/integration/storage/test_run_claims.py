"""One run per tenant: who holds the claim, who takes it over, and what the ledger says of it."""

import threading
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest

from synkro_assets.domain.business_day import BusinessDay, days_between
from synkro_assets.domain.errors import ClaimLost, TenantIsBusy, UsageProblem
from synkro_assets.domain.tenant import Tenant
from synkro_assets.operations.integration_settings import save
from synkro_assets.operations.platform import Platform
from synkro_assets.operations.tenant_run import TenantRun, begin_run
from synkro_assets.storage.raw_loading import load_rows
from synkro_assets.storage.raw_rows import RAW_TABLES, Load
from synkro_assets.storage.run_ledger import events_since, run_of
from synkro_assets.storage.run_supervision import request_stop
from tests.conftest import SettableClock
from tests.databases import as_owner
from tests.integration.storage.conftest import DAY
from tests.runs import order
from tests.waiting import await_that, waits_for_a_row

NOON = datetime(2026, 3, 5, 12, tzinfo=UTC)


def begin(platform: Platform, tenant: Tenant, run_id: str, **changes: Any) -> TenantRun:
    return begin_run(
        platform, tenant, order(DAY, requested_by="anna", dagster_run_id=run_id, **changes)
    )


def ask(platform: Platform, query: str) -> list[dict[str, Any]]:
    with as_owner(platform.database) as connection:
        return connection.execute(query).fetchall()  # type: ignore[arg-type]


def expire_lease(platform: Platform) -> None:
    with as_owner(platform.database) as connection:
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
    save(platform, tenant, "radist", {"company_id": 1, "api_key": "key"})
    first = begin(platform, tenant, "one")
    expire_lease(platform)
    second = begin(platform, tenant, "two")
    with pytest.raises(ClaimLost, match="nothing more is written"), first.transaction() as late:
        late.execute("update app.integration_configs set last_error = 'written too late'")
    with pytest.raises(ClaimLost), first.step("raw/radist", progress=20):
        pytest.fail("the step began")
    first.close("failed", "lost")
    assert ask(platform, "select last_error from app.integration_configs") == [{"last_error": None}]
    with second.transaction() as connection:
        connection.execute("update app.integration_configs set last_error = 'written in time'")
    second.close("success", None)
    kept = ask(platform, "select last_error from app.integration_configs")
    assert kept == [{"last_error": "written in time"}]


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
    with as_owner(platform.database) as connection:
        connection.execute("update app.tenant_runtime_configs set business_day_start = '06:00'")
    again = begin(platform, tenant, "two")
    assert again.plan(DAY) == first.plan(DAY)
    again.close("success", None)


def test_a_run_taken_over_is_marked_failed_and_cannot_come_back(
    platform: Platform, tenant: Tenant
) -> None:
    first = begin(platform, tenant, "one")
    expire_lease(platform)
    begin(platform, tenant, "two").close("success", None)
    first.close("success", None)
    told = ask(platform, "select status, error from app.job_runs order by job_run_id")
    assert [row["status"] for row in told] == ["failed", "success"]
    assert "ended without a word: its last sign of life was at 20" in told[0]["error"]


def test_a_patient_start_waits_until_the_tenant_is_free(platform: Platform, tenant: Tenant) -> None:
    first = begin(platform, tenant, "one")
    said: list[str] = []

    def free(message: str) -> None:
        said.append(message)
        first.close("success", None)

    waiting = order(DAY, dagster_run_id="two", patience=timedelta(minutes=1))
    begin_run(platform, tenant, waiting, on_wait=free).close("success", None)
    assert said == [
        f"waiting: {tenant.slug} is being run already: run {first.job_run_id} for 2026-03-05, "
        + said[0].partition("2026-03-05, ")[2]
    ]


def test_a_range_runs_its_closed_days_and_names_the_open_ones(
    platform: Platform, tenant: Tenant, clock: SettableClock
) -> None:
    clock.stands_at = datetime(2026, 3, 6, 12, 0, tzinfo=UTC)
    days = days_between(DAY, BusinessDay(date(2026, 3, 7)))
    run = begin_run(platform, tenant, order(*days))
    assert run.days == [DAY]
    said = [str(problem) for problem in run.refused.values()]
    assert ["has not ended" in each for each in said] == [True, False]
    assert "2026-03-07 of acme has not begun" in said[1]
    run.close("success", None)
    (row,) = ask(platform, "select first_business_day, business_day from app.job_runs")
    assert row["first_business_day"] == row["business_day"] == DAY


def test_a_stop_interrupts_the_run_and_says_who_asked(platform: Platform, tenant: Tenant) -> None:
    run = begin(platform, tenant, "one")
    with platform.database.tenant_transaction(tenant.tenant_id) as connection:
        before = request_stop(connection, tenant.tenant_id, run.job_run_id, "olga")
    assert before == "running"
    with pytest.raises(KeyboardInterrupt):
        threading.Event().wait(30)
    assert run.stopped_by == "olga"
    run.close("canceled", "Stopped by user")
    (row,) = ask(platform, "select status, error from app.job_runs")
    assert (row["status"], row["error"]) == ("canceled", "Stopped by user")


def test_a_pending_row_becomes_the_run_it_asked_for(platform: Platform, tenant: Tenant) -> None:
    (asked,) = ask(
        platform,
        "insert into app.job_runs (tenant_id, job_type, mode, trigger_type, requested_by, "
        "idempotency_key) select tenant_id, 'daily_report', 'amocrm_radist', 'api', 'shop', 'k1' "
        "from app.tenants where slug = 'acme' returning job_run_id",
    )
    run = begin(platform, tenant, "one", job_run_id=asked["job_run_id"])
    assert run.job_run_id == asked["job_run_id"]
    run.close("success", None)
    (row,) = ask(platform, "select status, requested_by, trigger_type from app.job_runs")
    assert row == {"status": "success", "requested_by": "shop", "trigger_type": "api"}
    with pytest.raises(UsageProblem, match="no longer pending"):
        begin(platform, tenant, "two", job_run_id=asked["job_run_id"])


def test_deleting_a_tenant_waits_for_its_runs_transaction_and_takes_what_that_stored(
    platform: Platform, tenant: Tenant
) -> None:
    run, gone = begin(platform, tenant, "one"), threading.Event()

    def delete() -> None:
        with platform.database.console_transaction() as connection:
            connection.execute("delete from app.tenants where tenant_id = %s", [tenant.tenant_id])
        gone.set()

    deleting = threading.Thread(target=delete)
    load = Load(tenant.tenant_id, DAY, datetime.now(UTC), "one")
    with run.transaction() as connection:
        deleting.start()
        await_that(lambda: waits_for_a_row(platform.database), "the deletion waits")
        load_rows(connection, RAW_TABLES["amocrm_leads"], load, [(1, NOON, False, {"id": 1})])
        assert not gone.is_set()
    deleting.join()
    assert gone.is_set()
    assert ask(platform, "select * from raw.amocrm_leads") == []
    with pytest.raises(ClaimLost), run.transaction():
        pytest.fail("a run of no tenant goes on")
    # Nothing is left that its end could be noted in.
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        run.close("success", None)
