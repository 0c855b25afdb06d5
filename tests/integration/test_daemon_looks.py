"""What the schedule and the sensors ask of Dagster, looked at one by one without a daemon."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from synkro_assets.domain.tenant import Tenant, TenantSlug
from synkro_assets.operations.platform import Platform
from synkro_assets.operations.run_supervision import stop_run
from synkro_assets.operations.tenant_config import add_tenant, set_tenant
from synkro_assets.operations.tenant_run import begin_run
from synkro_assets.storage.run_claims import LEASE_SECONDS
from tests.databases import as_owner
from tests.runs import dagster_of, order
from tests.stage import DAY

if TYPE_CHECKING:
    from dagster import DagsterInstance, RunRequest
    from dagster._core.definitions.sensor_definition import SensorExecutionData

EVENING = datetime(2026, 3, 5, 19, 10, tzinfo=UTC)


@pytest.fixture
def tenant(platform: Platform) -> Tenant:
    settings = ["is_schedule_enabled=yes"]
    return add_tenant(
        platform, TenantSlug("acme"), "Acme", "Europe/Moscow", "amocrm_radist", settings
    )


@contextmanager
def looking(platform: Platform) -> Iterator["DagsterInstance"]:
    with dagster_of(platform) as instance:
        yield instance


def look(instance: "DagsterInstance", name: str) -> "SensorExecutionData":
    from dagster import build_sensor_context

    from synkro_assets.definitions import defs

    with build_sensor_context(instance=instance, definitions=defs) as context:
        return defs.resolve_sensor_def(name).evaluate_tick(context)


def tick(instance: "DagsterInstance", at: datetime) -> list["RunRequest"]:
    from dagster import build_schedule_context

    from synkro_assets.definitions import defs

    schedule = defs.resolve_schedule_def("daily_report_schedule")
    with build_schedule_context(instance=instance, scheduled_execution_time=at) as context:
        return list(schedule.evaluate_tick(context).run_requests or [])


def ask(platform: Platform, query: str, *values: Any) -> list[dict[str, Any]]:
    with as_owner(platform.database) as connection:
        found = connection.execute(query, values)  # type: ignore[arg-type]  # a test's own text
        return found.fetchall() if found.description else []


def request(platform: Platform, tenant: Tenant, **columns: Any) -> int:
    """A pending row as another program writes it; returns its id."""
    values = {"job_type": "daily_report", "requested_by": "shop", **columns}
    names = ", ".join(values)
    marks = ", ".join(["%s"] * len(values))
    (row,) = ask(
        platform,
        f"insert into app.job_runs (tenant_id, mode, trigger_type, {names}) "
        f"values (%s, 'amocrm_radist', 'api', {marks}) returning job_run_id",
        tenant.tenant_id,
        *values.values(),
    )
    return int(row["job_run_id"])


def row_of(platform: Platform, job_run_id: int) -> dict[str, Any]:
    (row,) = ask(platform, "select * from app.job_runs where job_run_id = %s", job_run_id)
    return row


def test_the_schedule_asks_for_a_day_when_its_time_has_come(
    platform: Platform, tenant: Tenant
) -> None:
    with looking(platform) as instance:
        before = tick(instance, EVENING - timedelta(minutes=5))
        at_last = tick(instance, EVENING)
    assert before[-1].run_key == "daily_report|2026-03-04|acme"
    assert at_last[-1].run_key == "daily_report|2026-03-05|acme"
    assert at_last[-1].tags["dagster/partition"] == "2026-03-05|acme"
    assert at_last[-1].tags["synkro/trigger"] == "schedule"


def test_after_downtime_each_missed_day_is_asked_for_once(
    platform: Platform, tenant: Tenant
) -> None:
    ask(platform, "update app.tenant_runtime_configs set schedule_enabled_at = '2026-01-01'")
    with looking(platform) as instance:
        asked = tick(instance, EVENING + timedelta(days=3))
        later = tick(instance, EVENING + timedelta(days=3, minutes=5))
        after_weeks = tick(instance, EVENING + timedelta(days=30))
    days = [each.tags["dagster/partition/business_day"] for each in asked]
    sent = [each.tags["dagster/partition"] for each in asked if "synkro/deliver" in each.tags]
    assert sent == ["2026-03-08|acme"], "the newest is waited for, the others are history"
    assert days[-4:] == ["2026-03-05", "2026-03-06", "2026-03-07", "2026-03-08"]
    # Dagster launches a run key once: the same days asked for again are the same runs.
    assert [each.run_key for each in later] == [each.run_key for each in asked]
    assert len({each.run_key for each in after_weeks}) == 7


def test_a_day_that_has_its_report_is_not_asked_for(platform: Platform, tenant: Tenant) -> None:
    ask(
        platform,
        "insert into app.reports (tenant_id, business_day, period_start, period_end, window_start, "
        "window_end, status, summary_text, data_ref) values (%s, '2026-03-05', '2026-03-05', "
        "'2026-03-05', now(), now(), 'complete', 'a report', 'day:2026-03-05')",
        tenant.tenant_id,
    )
    with looking(platform) as instance:
        days = [each.tags["dagster/partition"] for each in tick(instance, EVENING)]
    assert "2026-03-05|acme" not in days


def test_a_switched_off_schedule_and_a_paused_tenant_are_left_alone(
    platform: Platform, tenant: Tenant
) -> None:
    set_tenant(platform, tenant.slug, ["is_schedule_enabled=no"])
    with looking(platform) as instance:
        assert tick(instance, EVENING) == []
        set_tenant(platform, tenant.slug, ["is_schedule_enabled=yes", "status=paused"])
        assert tick(instance, EVENING) == []


def test_a_new_tenant_gets_its_partition(platform: Platform, tenant: Tenant) -> None:
    with looking(platform) as instance:
        (added,) = look(instance, "tenant_partitions_sensor").dynamic_partitions_requests or []
        assert (added.partitions_def_name, added.partition_keys) == ("synkro_tenants", ["acme"])
        instance.add_dynamic_partitions("synkro_tenants", ["acme"])
        assert not look(instance, "tenant_partitions_sensor").dynamic_partitions_requests


def test_pending_rows_become_requests_by_day_by_window_and_by_default(
    platform: Platform, tenant: Tenant
) -> None:
    window = tenant.config.calendar.window(DAY)
    by_day = request(platform, tenant, business_day=DAY)
    by_window = request(
        platform, tenant, window_start=window.start, window_end=window.end + timedelta(days=1)
    )
    latest = request(platform, tenant)
    now = datetime.now(UTC)
    forced = request(
        platform, tenant, job_type="forced_report", window_start=now - timedelta(hours=5),
        window_end=now - timedelta(hours=1),
    )  # fmt: skip
    with looking(platform) as instance:
        asked = {each.run_key: each for each in look(instance, "run_requests_sensor").run_requests}
    assert asked.keys() == {str(each) for each in (by_day, by_window, latest, forced)}
    assert asked[str(by_day)].tags["dagster/partition"] == "2026-03-05|acme"
    ranged = asked[str(by_window)].tags
    assert ranged["dagster/asset_partition_range_start"] == "2026-03-05|acme"
    assert ranged["dagster/asset_partition_range_end"] == "2026-03-06|acme"
    closed = tenant.config.calendar.latest_closed(now)
    assert asked[str(latest)].tags["dagster/partition"] == f"{closed}|acme"
    assert asked[str(forced)].job_name == "forced_report_job"
    assert asked[str(forced)].tags["synkro/job_run_id"] == str(forced)
    assert asked[str(forced)].tags["synkro/requested_by"] == "shop"


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"business_day": "2126-01-01"}, "2126-01-01 of acme has not ended"),
        ({"job_type": "laundry"}, "unknown job_type 'laundry'"),
        ({"job_type": "forced_report"}, "needs window_start and window_end"),
        (
            {"window_start": "2026-03-05T10:00Z", "window_end": "2026-03-05T12:00Z"},
            "not that of whole business days",
        ),
        (
            {
                "job_type": "forced_report",
                "window_start": "2026-03-05T10:00Z",
                "window_end": "2026-03-05T12:00Z",
            },
            "limit max_force_lookback_days=3",
        ),
    ],
)
def test_a_row_that_cannot_be_run_fails_saying_why(
    platform: Platform, tenant: Tenant, columns: dict[str, str], says: str
) -> None:
    asked = request(platform, tenant, **columns)
    with looking(platform) as instance:
        assert not look(instance, "run_requests_sensor").run_requests
    row = row_of(platform, asked)
    assert row["status"] == "failed"
    assert says in row["error"]


def test_a_run_without_a_sign_of_life_is_buried_and_its_tenant_freed(
    platform: Platform, tenant: Tenant
) -> None:
    run = begin_run(platform, tenant, order(DAY, dagster_run_id="gone"))
    with looking(platform) as instance:
        look(instance, "stuck_run_sensor")
        assert row_of(platform, run.job_run_id)["status"] == "running"
        ask(
            platform,
            "update app.run_claims set heartbeat_at = heartbeat_at - make_interval(secs => %(s)s), "
            "lease_until = lease_until - make_interval(secs => %(s)s)".replace("%(s)s", "%s"),
            LEASE_SECONDS,
            LEASE_SECONDS,
        )
        look(instance, "stuck_run_sensor")
    row = row_of(platform, run.job_run_id)
    assert row["status"] == "failed"
    assert "ended without a word: its last sign of life was at" in row["error"]
    begin_run(platform, tenant, order(DAY)).close("success", None)
    run.close("success", None)
    assert row_of(platform, run.job_run_id)["status"] == "failed"


def test_a_request_whose_run_failed_to_start_is_settled(platform: Platform, tenant: Tenant) -> None:
    from synkro_assets.definitions import defs

    asked = request(platform, tenant, business_day=DAY)
    ask(platform, "update app.job_runs set created_at = now() - interval '1 minute'")
    with looking(platform) as instance:
        tags = {"synkro/job_run_id": str(asked)}
        run = instance.create_run_for_job(defs.resolve_job_def("daily_report_job"), tags=tags)
        look(instance, "stuck_run_sensor")
        assert row_of(platform, asked)["status"] == "pending"
        instance.report_run_failed(run, "the worker could not start")
        look(instance, "stuck_run_sensor")
    row = row_of(platform, asked)
    assert (row["status"], row["error"]) == ("failed", "the worker could not start")


def test_a_run_launched_for_a_request_that_was_taken_back_is_canceled(
    platform: Platform, tenant: Tenant
) -> None:
    from dagster import DagsterRunStatus

    from synkro_assets.commands.dagster_runs import _origin
    from synkro_assets.definitions import defs

    taken_back, kept = (request(platform, tenant, business_day=DAY) for _ in range(2))
    with looking(platform) as instance:
        runs = {
            asked: instance.create_run_for_job(
                defs.resolve_job_def("daily_report_job"),
                tags={"synkro/job_run_id": str(asked)},
                status=DagsterRunStatus.QUEUED,
                remote_job_origin=_origin("daily_report_job"),
            )
            for asked in (taken_back, kept)
        }
        assert stop_run(platform, taken_back, "a test")["status"] == "canceled"
        look(instance, "stuck_run_sensor")
        status = {asked: instance.get_run_by_id(run.run_id).status for asked, run in runs.items()}
    assert status == {taken_back: DagsterRunStatus.CANCELED, kept: DagsterRunStatus.QUEUED}


def test_a_started_run_that_is_nobodys_is_reported_failed_after_a_minute(
    platform: Platform, tenant: Tenant
) -> None:
    from dagster import DagsterEvent, DagsterEventType
    from dagster._core.storage.tags import GRPC_INFO_TAG

    from synkro_assets.definitions import defs

    def started(instance: "DagsterInstance") -> str:
        """A run that Dagster takes for started, launched by a code server that is gone."""
        gone = json.dumps({"host": "127.0.0.1", "port": 1})
        job = defs.resolve_job_def("daily_report_job")
        run = instance.create_run_for_job(job, tags={GRPC_INFO_TAG: gone})
        event = DagsterEvent(DagsterEventType.RUN_START.value, job.name)
        instance.report_dagster_event(event, run.run_id)
        return run.run_id

    with looking(platform) as instance:
        lost, working = started(instance), started(instance)
        begun = begin_run(platform, tenant, order(DAY, dagster_run_id=working))
        look(instance, "stuck_run_sensor")
        runs = [instance.get_run_by_id(run_id) for run_id in (lost, working)]
        assert [run.status.value for run in runs] == ["STARTED", "STARTED"]
        ask(platform, "update dagster.runs set start_time = start_time - 61")
        look(instance, "stuck_run_sensor")
        runs = [instance.get_run_by_id(run_id) for run_id in (lost, working)]
        assert [run.status.value for run in runs] == ["FAILURE", "STARTED"]
    begun.close("success", None)


def test_a_crash_that_dagster_found_first_is_told_in_plain_words(
    platform: Platform, tenant: Tenant
) -> None:
    from synkro_assets.definitions import defs

    with looking(platform) as instance:
        run = instance.create_run_for_job(defs.resolve_job_def("daily_report_job"))
        begun = begin_run(platform, tenant, order(DAY, dagster_run_id=run.run_id))
        ask(platform, "update app.run_claims set heartbeat_at = heartbeat_at - interval '11s'")
        instance.report_run_failed(run)
        look(instance, "stuck_run_sensor")
    row = row_of(platform, begun.job_run_id)
    assert row["status"] == "failed"
    assert "ended without a word: its last sign of life was at" in row["error"]
    told = ask(
        platform,
        "select message from app.job_run_events where job_run_id = %s order by event_id",
        begun.job_run_id,
    )
    assert told[-1]["message"] == "the run is started once more by itself"
    begun.close("success", None)


def test_what_a_sensor_finds_is_recorded_in_its_name(platform: Platform, tenant: Tenant) -> None:
    from synkro_assets.definitions import defs

    with looking(platform) as instance:
        run = instance.create_run_for_job(defs.resolve_job_def("daily_report_job"))
        begun = begin_run(platform, tenant, order(DAY, dagster_run_id=run.run_id))
        ask(platform, "update app.run_claims set heartbeat_at = heartbeat_at - interval '11s'")
        instance.report_run_canceled(run)
        look(instance, "stuck_run_sensor")
    begun.close("success", None)
    assert row_of(platform, begun.job_run_id)["status"] == "canceled"
    (row,) = ask(platform, "select * from app.audit_logs where action = 'run.stopped'")
    assert (row["actor"], row["tenant_id"]) == ("stuck_run_sensor", tenant.tenant_id)


def test_waiting_messages_are_asked_for_once_per_attempt(
    platform: Platform, tenant: Tenant
) -> None:
    (report,) = ask(
        platform,
        "insert into app.reports (tenant_id, business_day, period_start, period_end, window_start, "
        "window_end, status, summary_text, data_ref) values (%s, '2026-03-05', '2026-03-05', "
        "'2026-03-05', now(), now(), 'complete', 'a report', 'day:2026-03-05') returning report_id",
        tenant.tenant_id,
    )
    ask(
        platform,
        "insert into app.deliveries (tenant_id, report_id, channel, recipient, part, parts, body, "
        "next_attempt_at) values (%s, %s, 'telegram', '-100', 1, 1, 'text', now() - interval '1h')",
        tenant.tenant_id,
        report["report_id"],
    )
    with looking(platform) as instance:
        (first,) = look(instance, "report_delivery_sensor").run_requests
        (same,) = look(instance, "report_delivery_sensor").run_requests
        ask(platform, "update app.deliveries set attempts = attempts + 1")
        (again,) = look(instance, "report_delivery_sensor").run_requests
        ask(platform, "update app.deliveries set status = 'sent'")
        assert not look(instance, "report_delivery_sensor").run_requests
    assert first.tags["dagster/partition"] == "2026-03-05|acme"
    assert first.run_key == same.run_key != again.run_key
