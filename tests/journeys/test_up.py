"""An evening with ``synkro up``: Dagit, the daemon, ranges, stops, crashes, and everything down.

The stories share one platform and stand in the order in which they are told; each works alone.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest

from synkro_assets.storage.embedded_server import discard
from tests.journeys.dagit import days_from
from tests.journeys.evening import Company, Evening, evening, kill
from tests.journeys.processes import document, eventually, processes_of, synkro

BOTH, DIALOGS, DEALS = "demo-motor", "demo-ural", "demo-hudson"
MOTOR = Company(BOTH, "Europe/Moscow", "ru", "RU")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("evening") / "home"
    yield folder
    eventually(lambda: not processes_of(folder), 20, "nothing of the home runs on")
    discard(folder)


@pytest.fixture(scope="module")
def up(home: Path) -> Iterator[Evening]:
    with evening(home) as platform:
        yield platform


def running(up: Evening, job_run_id: int, step: str) -> None:
    """Wait until a run is at a step."""
    eventually(
        lambda: (
            (up.run(job_run_id)["status"], up.run(job_run_id)["current_step"]) == ("running", step)
        ),
        60,
        f"run {job_run_id} is at {step}",
    )


def ended(up: Evening, job_run_id: int, seconds: float = 90) -> dict[str, Any]:
    """A row of the ledger once its run has ended."""
    eventually(
        lambda: up.run(job_run_id)["finished_at"] is not None, seconds, f"{job_run_id} ended"
    )
    return up.run(job_run_id)


def test_a_day_materialized_from_dagit_succeeds(up: Evening) -> None:
    run_id = up.dagit.launch("daily_report_job", BOTH, up.day)
    eventually(lambda: up.dagit.has_ended(run_id), 120, "the run ended")
    assert up.dagit.status(run_id) == "SUCCESS"
    assert up.dagit.tags(run_id)["synkro/tenant"] == BOTH


def test_a_pending_row_is_run_and_its_report_delivered_once(up: Evening) -> None:
    asked = up.request(DIALOGS)
    begun = time.monotonic()
    eventually(lambda: up.dagit.runs(synkro__job_run_id=str(asked)) != [], 10, "launched")
    print(f"pending row to Dagster run: {time.monotonic() - begun:.1f} s")
    row = ended(up, asked)
    assert (row["status"], row["error"], row["progress"]) == ("success", None, 100)
    assert (row["requested_by"], row["trigger_type"]) == ("shop", "api")
    assert row["business_day"] == up.day
    (run,) = up.dagit.runs(synkro__job_run_id=str(asked))
    assert (run["runId"], run["jobName"]) == (row["dagster_run_id"], "daily_report_job")
    told = up.steps(asked)
    assert "raw/radist: started" in told
    assert told[-1] == "finished"
    assert any(line.startswith(f"reports/daily_report: {up.day}: report ") for line in told)
    delivered_once(up, DIALOGS)


def delivered_once(up: Evening, tenant: str) -> None:
    """The report of the day arrives in the chat by the sensor's job, and only once."""
    title = up.rows(
        "select split_part(summary_text, E'\n', 1) as title from app.reports "
        "join app.tenants using (tenant_id) where slug = %s and business_day = %s",
        tenant,
        up.day,
    )[0]["title"]
    eventually(lambda: title in " ".join(up.chat(tenant)), 60, f"{title!r} is in the chat")
    partition = {"dagster__partition": f"{up.day}|{tenant}"}

    def senders() -> list[str]:
        runs = up.dagit.runs(**partition)
        return [run["status"] for run in runs if run["jobName"] == "telegram_delivery_job"]

    eventually(lambda: senders() == ["SUCCESS"], 60, "one run of the sensor's job succeeded")
    assert sum(title in message for message in up.chat(tenant)) == 1
    assert len(set(up.chat(tenant))) == len(up.chat(tenant))


def test_a_new_tenant_appears_in_dagit(up: Evening) -> None:
    assert "acme" not in up.dagit.tenants()
    added = up.command("tenants", "add", "acme", "--name", "Acme", "--timezone", "Asia/Tokyo")
    begun = time.monotonic()
    assert added.returncode == 0, added.stderr
    eventually(lambda: "acme" in up.dagit.tenants(), 30, "the tenant has its partition")
    print(f"new tenant to partition: {time.monotonic() - begun:.1f} s")


def test_a_backfill_with_a_bad_day_shows_it_on_every_asset_page_until_its_retry(
    up: Evening,
) -> None:
    days = days_from(up.day - timedelta(days=9), 5)
    bad = days[2]
    for day in days:
        up.load(MOTOR, day)
    refuse_a_day(up, days, bad)
    before = up.chat(BOTH)
    pages = backfilled(up, days)
    good = {day: "materialized" for day in days if day != bad}
    for name, page in pages.items():
        source, _, _ = name.rpartition("/")
        shown = {"raw/amocrm": "failed", "raw/radist": "materialized"}.get(source, "missing")
        assert page == good | {bad: shown}, name

    up.control("DELETE", "faults")
    for name, page in backfilled(up, [bad], days).items():
        assert page == dict.fromkeys(days, "materialized"), name
    told = [row for row in up.runs(BOTH) if row["trigger_type"] == "backfill"]
    assert [row["status"] for row in told].count("failed") == 1
    assert f"1 of 5 days failed: {bad}: amoCRM answered 400" in told[0]["error"]
    assert {row["status"] for row in told[1:]} == {"success"}
    assert up.chat(BOTH) == before, "past days send nothing unless asked"


def refuse_a_day(up: Evening, days: list[date], bad: date) -> None:
    """amoCRM refuses every question about a stretch of time that holds the day."""
    starts = "|".join(f"{MOTOR.window(day)[0].timestamp():.0f}" for day in days if day <= bad)
    ends = "|".join(f"{MOTOR.window(day)[1].timestamp() - 1:.0f}" for day in days if day >= bad)
    asked = rf"events\?.*from%5D=({starts})\b.*to%5D=({ends})\b"
    fault = {"match": {"provider": "amocrm", "path": asked}, "count": None}
    up.control("POST", "faults", {**fault, "action": {"status": 400}})


def backfilled(
    up: Evening, days: list[date], shown: list[date] | None = None
) -> dict[str, dict[date, str]]:
    """Launch a backfill from Dagit and wait for it; returns what the asset pages show."""
    begun = time.monotonic()
    backfill = up.dagit.backfill(BOTH, days)
    eventually(lambda: up.dagit.backfill_has_ended(backfill), 180, "the backfill has ended")
    print(f"backfill of {len(days)} days: {time.monotonic() - begun:.1f} s")
    return up.dagit.asset_pages(BOTH, shown or days)


def test_three_starts_at_once_run_one_after_the_other(up: Evening) -> None:
    last = max((row["job_run_id"] for row in up.runs(DEALS)), default=0)
    typed = up.start("run", DEALS, "--day", up.day.isoformat())
    asked = up.request(DEALS, business_day=up.day)
    launched = up.dagit.launch("daily_report_job", DEALS, up.day)
    holders: dict[int, int] = {}

    def all_ended() -> bool:
        now_running = [row for row in up.runs(DEALS, last) if row["status"] == "running"]
        assert len(now_running) <= 1, now_running
        claim = up.claim(DEALS)
        if claim["job_run_id"] > last:
            holders.setdefault(claim["fencing_token"], claim["job_run_id"])
        has_ended = up.run(asked)["finished_at"] and up.dagit.has_ended(launched)
        return bool(has_ended) and typed.poll() is not None

    eventually(all_ended, 180, "all three ended")
    _, said = typed.communicate()
    print(f"synkro run: {typed.returncode}, {said.splitlines()[-1]}")
    if typed.returncode != 0:
        assert typed.returncode == 1
        assert f"{DEALS} is being run already: run " in said.splitlines()[-1]
    assert up.run(asked)["status"] == "success"
    assert up.dagit.status(launched) == "SUCCESS"
    rows = up.runs(DEALS, last)
    assert len(rows) == (3 if typed.returncode == 0 else 2)
    assert {row["status"] for row in rows} == {"success"}
    assert len(holders) == len(set(holders.values())) == len(rows)
    delivered_once(up, DEALS)


def test_a_running_run_and_a_waiting_request_are_stopped(up: Evening) -> None:
    up.hold_up("radist")
    first = up.request(DIALOGS)
    running(up, first, "raw/radist")
    waiting = up.request(DIALOGS)
    eventually(lambda: up.dagit.runs(synkro__job_run_id=str(waiting)) != [], 10, "queued")
    for job_run_id in (waiting, first):
        begun = time.monotonic()
        stopped = up.command("runs", "stop", str(job_run_id))
        took = time.monotonic() - begun
        print(f"stopping run {job_run_id}: {took:.1f} s with the command's own start")
        assert stopped.returncode == 0, stopped.stderr
        row = up.run(job_run_id)
        assert (row["status"], row["error"]) == ("canceled", "Stopped by user")
        assert row["stop_requested_by"].endswith("(synkro runs stop)")
    assert not up.claim(DIALOGS)["is_held"]
    for job_run_id in (waiting, first):
        (run,) = up.dagit.runs(synkro__job_run_id=str(job_run_id))
        eventually(
            lambda run=run: up.dagit.status(run["runId"]) == "CANCELED", 30, "canceled in Dagster"
        )
    listed = document(up.command("runs", "list", DIALOGS, "--json"))
    assert [run["job_run_id"] for run in listed][:2] == [waiting, first]
    told = document(up.command("runs", "log", str(first), "--json"))
    assert any(event["message"].startswith("stop asked for by ") for event in told)
    assert told[-1]["message"] == "Stopped by user"
    up.control("DELETE", "faults")


def crashed(up: Evening, job_run_id: int, tenant: str) -> None:
    """The ledger tells of a killed run in plain words, and its one retry is a run of its own."""
    begun = time.monotonic()
    row = ended(up, job_run_id, 90)
    print(f"kill to failed: {time.monotonic() - begun:.1f} s, {row['error']!r}")
    assert row["status"] == "failed"
    eventually(lambda: len(up.runs(tenant, job_run_id)) == 1, 90, "Dagster's own retry")
    (retry,) = up.runs(tenant, job_run_id)
    print(f"kill to retry: {time.monotonic() - begun:.1f} s, {retry['dagster_run_id']}")
    retried = ended(up, retry["job_run_id"])
    assert (retried["status"], retried["requested_by"]) == ("success", row["requested_by"])
    (run,) = [run for run in up.dagit.runs() if run["runId"] == retry["dagster_run_id"]]
    assert run["parentRunId"] == row["dagster_run_id"]
    assert not up.claim(tenant)["is_held"]


def test_a_killed_run_is_marked_failed_and_tried_once_more(up: Evening) -> None:
    up.hold_up("radist")
    asked = up.request(DIALOGS)
    running(up, asked, "raw/radist")
    kill(psutil.Process(up.dagit.worker(up.run(asked)["dagster_run_id"])))
    crashed(up, asked, DIALOGS)


def test_a_run_killed_with_its_code_server_is_marked_failed_and_tried_once_more(
    up: Evening,
) -> None:
    up.hold_up("amocrm")
    asked = up.request(DEALS)
    running(up, asked, "raw/amocrm")
    worker = psutil.Process(up.dagit.worker(up.run(asked)["dagster_run_id"]))
    code_server = up.process_of("code-server start")
    assert worker in code_server.children(recursive=True)
    kill(code_server)
    crashed(up, asked, DEALS)
    assert "the code server ended by itself" in up.log.read_text()


def test_ctrl_c_leaves_nothing(up: Evening, home: Path) -> None:
    second = synkro(home, "up", "--port", str(up.port), SYNKRO_CODE_SERVER_PORT=str(up.code_port))
    assert second.returncode == 2
    assert f"port {up.port} is in use" in second.stderr
    up.connection.close()
    assert up.stop() == 0, up.log.read_text()
