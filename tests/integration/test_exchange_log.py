"""Every exchange with a provider is on record, whole runs and short commands, and at no cost."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from synkro_assets.domain.protocols import Exchange
from synkro_assets.operations.doctor import examine
from synkro_assets.operations.integration_checks import check_integrations
from synkro_assets.operations.platform import Platform, SystemClock
from synkro_assets.operations.provider_clients import amocrm_client, exchange_log
from synkro_assets.settings import PROJECT_ROOT
from synkro_assets.storage.database import Database
from synkro_assets.storage.integration_logs import Related
from synkro_assets.storage.jsonb import LARGEST_BYTES
from tests.databases import as_owner, with_database
from tests.integration.command_line import CommandLine
from tests.runs import dagster_of, run
from tests.stage import Scene

PROVIDERS = {"amocrm", "radist", "gemini", "telegram"}
SECRETS = ("api_key", "long_lived_token", "bot_token")


def rows(database: Database) -> list[dict[str, Any]]:
    with as_owner(database) as connection:
        return connection.execute(
            "select * from public.integration_logs order by created_at"
        ).fetchall()


def personal_data(truth: dict[str, Any]) -> set[str]:
    """Everything about people that a day holds, in the spellings it may turn up in."""
    found = {manager[name] for manager in truth["managers"] for name in ("name", "email")}
    found |= {contact["name"] for contact in truth["contacts"]}
    found |= {lead["name"] for lead in truth["leads"]}
    for contact in truth["contacts"]:
        found |= {phone["value"] for phone in contact["phones"]}
    for dialog in truth["dialogs"]:
        found |= {dialog["contact_name"], dialog["phone_e164"]}
        found |= {(dialog["phone_e164"] or "").removeprefix("+")[1:]}
        found |= {message["text"] for message in dialog["messages"]}
    return {each for each in found if each and len(each) >= 6}


def secrets_of(scene: Scene) -> set[str]:
    return {
        values[name] for values in scene.integrations.values() for name in SECRETS if name in values
    }


def asked_of_providers(scene: Scene) -> Counter[str]:
    """How often each provider was asked, as the simulators counted."""
    summary = scene.simulators.ask("GET", "log?limit=0")["summary"]
    return Counter({name: each["count"] for name, each in summary.items()})


def test_a_run_leaves_a_row_for_every_request_and_no_trace_of_anybody(scene: Scene) -> None:
    scene.simulators.ask("DELETE", "log")
    outcome = run(scene)
    found = rows(scene.platform.database)
    assert Counter(row["service_name"] for row in found) == asked_of_providers(scene)
    assert {row["service_name"] for row in found} == PROVIDERS
    assert {row["status"] for row in found} == {"success"}
    assert {row["tenant_id"] for row in found} == {scene.tenant.tenant_id}
    assert all(row["duration_ms"] >= 0 and row["retry_count"] == 0 for row in found)
    assert all(row["request_payload"]["path"].startswith("/") for row in found)
    stored = json.dumps(
        [{**row, "created_at": ""} for row in found], default=str, ensure_ascii=False
    )
    planted = personal_data(scene.truth())
    assert len(planted) > 100
    assert not {each for each in planted if each in stored}
    assert not {each for each in secrets_of(scene) if each in stored}

    (read_by,) = {
        str(row["related_entity_id"]) for row in found if row["service_name"] != "telegram"
    }
    assert read_by == outcome.run_ids[0]
    sent = [row for row in found if row["service_name"] == "telegram"]
    assert {row["related_entity_id"] for row in sent} == {outcome.report.report_id}
    assert {row["related_entity_type"] for row in sent} == {"report"}
    ids = [part.provider_message_id for part in outcome.parts]
    assert [row["external_id"] for row in sent] == ids


@pytest.mark.usefixtures("impatient")
def test_attempts_are_told_apart_from_the_last_failure(scene: Scene) -> None:
    database = scene.platform.database
    scene.simulators.break_requests("amocrm", "account", count=1, status=503)
    scene.connect("radist", api_key="wrong-key-of-radist")
    check_integrations(scene.platform, scene.tenant, "amocrm")
    check_integrations(scene.platform, scene.tenant, "radist")
    scene.platform.log_rows.close()
    told = [
        (row["service_name"], row["action"], row["status"], row["retry_count"], row["error_code"])
        for row in rows(database)
    ]
    assert told[:3] == [
        ("amocrm", "account", "retrying", 0, "503"),
        ("amocrm", "account", "success", 1, None),
        ("amocrm", "sample_contacts", "success", 0, None),
    ]
    assert told[-1][2:] == ("failed", 0, "401")
    failed = rows(database)[-1]
    assert failed["error_message"].startswith("Radist answered 401")
    assert "wrong-key" not in str(failed)


def test_a_short_command_loses_no_row(scene: Scene) -> None:
    platform = scene.platform
    synkro = CommandLine(platform.home, platform.database.url, [])
    assert synkro("integrations", "check", scene.tenant.slug, "--json").code == 0
    assert {row["service_name"] for row in rows(platform.database)} == PROVIDERS


def exchange(number: int, **changes: Any) -> Exchange:
    plain = Exchange("amoCRM", "leads", "GET", "/api", 200, None, datetime.now(UTC), number, 1)
    return replace(plain, **changes)


def test_a_bad_row_does_not_cost_its_neighbours(scene: Scene) -> None:
    log = exchange_log(scene.platform, scene.tenant)
    stranger = replace(scene.tenant, tenant_id=uuid4())
    for number in range(50):
        log.record(exchange(number))
    exchange_log(scene.platform, stranger).record(exchange(99))
    log.record(exchange(50, request={"a": "\x00\ud83d"}, error="bad \x00 \udfff", action="a\x00b"))
    log.record(exchange(51, response={"body": "ж" * 60_000, "n": 1e300}))
    log.record(exchange(52, duration_ms=10**15))
    log.record(exchange(53, duration_ms="no number"))
    scene.platform.log_rows.close()
    assert len(rows(scene.platform.database)) == 53
    assert scene.platform.log_rows.dropped == 2
    with as_owner(scene.platform.database) as connection:
        largest = connection.execute(
            "select max(octet_length(response_payload::text)) as bytes, "
            "bool_or(response_payload ? '_cut') as is_told from public.integration_logs"
        ).fetchone()
    assert largest
    assert LARGEST_BYTES / 2 < largest["bytes"] <= LARGEST_BYTES
    assert largest["is_told"]


def test_whoever_logs_by_hand_is_redacted_too(scene: Scene) -> None:
    log = exchange_log(scene.platform, scene.tenant)
    report = uuid4()
    secret = {"text": "Здравствуйте", "to": "+77011234567", "api_key": "topsecret", "rows": 3}
    log.log_success("supabase", "export", request=secret, related=Related("report", report))
    log.log_retry("supabase", "export", error_message="no +7 701 123 45 67", retry_count=1)
    log.log_error("resend", "send", error_code="422", error_message="bad ivan@x.kz", duration_ms=7)
    scene.platform.log_rows.close()
    exported, retried, failed = rows(scene.platform.database)
    assert exported["request_payload"] == {
        "text": "text of 12", "to": "text of 12", "api_key": "***", "rows": 3,
    }  # fmt: skip
    assert (exported["related_entity_type"], exported["related_entity_id"]) == ("report", report)
    assert (retried["status"], retried["retry_count"]) == ("retrying", 1)
    assert retried["error_message"] == "no ***"
    assert (failed["status"], failed["error_code"], failed["duration_ms"]) == ("failed", "422", 7)


@contextmanager
def locked(platform: Platform) -> Iterator[None]:
    with as_owner(platform.database) as connection:
        connection.execute("lock table public.integration_logs in access exclusive mode")
        yield
        connection.rollback()


@contextmanager
def missing(platform: Platform) -> Iterator[None]:
    with as_owner(platform.database) as connection:
        connection.execute("drop table public.integration_logs cascade")
    yield


@contextmanager
def forbidden(platform: Platform) -> Iterator[None]:
    with as_owner(platform.database) as connection:
        connection.execute("revoke all on public.integration_logs from synkro_pipeline")
    yield


@pytest.mark.parametrize("trouble", [locked, missing, forbidden])
def test_work_goes_on_and_waits_little_when_the_log_cannot_be_written(
    scene: Scene, trouble: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with trouble(scene.platform):
        started = time.monotonic()
        with amocrm_client(scene.platform, scene.tenant) as client:
            assert client.account()["id"]
        log = exchange_log(scene.platform, scene.tenant)
        before = time.monotonic()
        for number in range(3000):
            log.record(exchange(number))
        assert time.monotonic() - before < 1
        scene.platform.log_rows.close()
        assert time.monotonic() - started < 6
    assert scene.platform.log_rows.dropped == 3001
    told = [each for each in caplog.records if "integration log" in each.getMessage()]
    assert len(told) == 1


def test_work_goes_on_without_the_logs_database(scene: Scene) -> None:
    url = scene.platform.database.url
    platform = replace(scene.platform, database=Database(with_database(url, "is_not_there")))
    log = exchange_log(platform, scene.tenant)
    log.record(exchange(1))
    started = time.monotonic()
    platform.log_rows.close()
    assert time.monotonic() - started < 4
    assert platform.log_rows.dropped == 1


def test_rows_outlive_a_restart_of_the_connection(scene: Scene) -> None:
    log = exchange_log(scene.platform, scene.tenant)
    log.record(exchange(1))
    scene.platform.log_rows.close()
    log.record(exchange(2))
    _await(lambda: len(rows(scene.platform.database)) == 2)
    with as_owner(scene.platform.database) as connection:
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where datname = current_database() and pid <> pg_backend_pid()"
        )
    log.record(exchange(3))
    _await(lambda: len(rows(scene.platform.database)) == 3)
    assert scene.platform.log_rows.dropped == 0


def test_what_is_done_in_anothers_name_waits_in_the_same_queue(scene: Scene) -> None:
    copies = (scene.platform.acting_as("somebody"), replace(scene.platform, clock=SystemClock()))
    for number, copy in enumerate(copies):
        exchange_log(copy, scene.tenant).record(exchange(number))
    scene.platform.log_rows.close()
    assert len(rows(scene.platform.database)) == 2


def _await(holds: Any) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        threading.Event().wait(0.05)


def logs_finding(platform: Platform) -> tuple[str, str]:
    findings = {each.subject: each for each in examine(platform, PROJECT_ROOT)}
    found = findings["integration logs"]
    return found.status, found.detail


def test_the_doctor_proves_the_log_and_leaves_nothing_behind(platform: Platform) -> None:
    assert logs_finding(platform) == (
        "ok",
        (
            "insert, update, filter, sort, JSON, integration_stats_hourly, "
            "integration_stats_daily work"
        ),
    )
    assert rows(platform.database) == []
    with as_owner(platform.database) as connection:
        assert connection.execute("select from app.integration_log_days").fetchall() == []


@pytest.mark.parametrize(
    ("harm", "step"),
    [
        ("drop table public.integration_logs cascade", "insert: relation"),
        ("drop view public.integration_stats_hourly", "integration_stats_hourly: relation"),
        ("drop view public.integration_stats_daily", "integration_stats_daily: relation"),
        (
            "drop trigger integration_logs_set_updated_at on public.integration_logs",
            "update: it gave another answer",
        ),
        (
            "drop trigger integration_logs_sum_inserted on public.integration_logs",
            "integration_stats_daily: it gave another answer",
        ),
        ("alter table public.integration_logs drop column request_payload", "insert: column"),
        (
            "revoke update on public.integration_logs from synkro_console",
            "update: permission denied",
        ),
        ("alter table public.integration_logs drop column retry_count", "insert: column"),
    ],
)
def test_the_doctor_says_in_one_line_what_is_missing(
    platform: Platform, harm: str, step: str
) -> None:
    with as_owner(platform.database) as connection:
        connection.execute(harm.encode())
    status, detail = logs_finding(platform)
    assert status == "error"
    assert f"does not work ({step}" in detail
    assert "\n" not in detail


def test_the_cleanup_runs_every_day_by_itself_in_dagster(platform: Platform) -> None:
    with as_owner(platform.database) as connection:
        connection.execute(
            "insert into public.integration_logs (service_name, action, status, created_at) "
            "select 's', 'a', 'success', now() - n * interval '1 day' "
            "from generate_series(1, 100) as n"
        )
    with dagster_of(platform) as instance:
        from dagster import DefaultScheduleStatus, build_schedule_context

        from synkro_assets.definitions import defs

        schedule = defs.resolve_schedule_def("integration_logs_cleanup_schedule")
        assert schedule.default_status is DefaultScheduleStatus.RUNNING
        assert len(str(schedule.cron_schedule).split()) == 5
        at = datetime(2026, 3, 5, 13, 20, tzinfo=UTC)
        with build_schedule_context(instance, scheduled_execution_time=at) as context:
            assert len(schedule.evaluate_tick(context).run_requests or []) == 1
        job = defs.resolve_job_def(schedule.job_name)
        assert job.partitions_def is None
        done = job.execute_in_process(instance=instance)
        said = [record.message for record in instance.all_logs(done.run_id)]
    assert done.success
    assert any("11 old rows of the integration log deleted" in message for message in said)
    assert len(rows(platform.database)) == 89


def test_a_run_of_the_cleanup_says_why_it_failed(platform: Platform) -> None:
    with as_owner(platform.database) as connection:
        connection.execute("drop function public.cleanup_old_integration_logs")
    with dagster_of(platform) as instance:
        from synkro_assets.definitions import defs

        job = defs.resolve_job_def("integration_logs_cleanup_job")
        with pytest.raises(psycopg.errors.UndefinedFunction):
            job.execute_in_process(instance=instance)
