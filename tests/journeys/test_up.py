"""An evening with ``synkro up``: Dagit, the daemon, ranges, stops, crashes, and everything down.

The stories share one platform and are told in the order in which they stand. What takes long by
itself, such as a backfill and the lease of a dead run, is begun early and looked at later.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest

from synkro_assets.storage.embedded_server import discard
from tests.journeys.accounts import every_account_refused, pass_time_until
from tests.journeys.dagit import days_from
from tests.journeys.evening import Company, Evening, evening, kill
from tests.journeys.processes import document, eventually, processes_of, synkro

BOTH = Company("demo-motor", "Europe/Moscow", "ru", "RU")
DIALOGS = Company("demo-ural", "Asia/Yekaterinburg", "ru", "RU")
DEALS = Company("demo-hudson", "America/New_York", "en", "US", has_dialogs=False)

# What is asked of the daemon; how long it took is printed.
LAUNCH_SECONDS, PARTITION_SECONDS, STOP_SECONDS, BURY_SECONDS = 10, 30, 10, 90


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


@dataclass
class FiveDays:
    """A range of past days of which amoCRM refuses one, while its backfill goes on."""

    days: list[date]
    bad: date
    fault: int
    backfill: str


@pytest.fixture(scope="module")
def five_days(up: Evening) -> FiveDays:
    days = days_from(up.day - timedelta(days=9), 5)
    bad = days[2]
    for day in days:
        up.load(BOTH, day)
    starts = "|".join(f"{BOTH.window(day)[0].timestamp():.0f}" for day in days if day <= bad)
    ends = "|".join(f"{BOTH.window(day)[1].timestamp() - 1:.0f}" for day in days if day >= bad)
    fault = up.refuse(rf"events\?.*from%5D=({starts})\b.*to%5D=({ends})\b")
    return FiveDays(days, bad, fault, up.dagit.backfill(BOTH.slug, days))


@dataclass
class Crash:
    """A run whose process was killed at ``at`` by the database's clock."""

    job_run_id: int
    dagster_run_id: str
    at: datetime


@pytest.fixture(scope="module")
def crash_with_code_server(up: Evening) -> Crash:
    asked, fault = up.held_run(DEALS)
    run_id = up.run(asked)["dagster_run_id"]
    code_server = up.process_of("code-server start")
    assert psutil.Process(up.dagit.worker(run_id)) in code_server.children(recursive=True)
    kill(code_server)
    up.mend(fault)
    return Crash(asked, run_id, up.now())


def ended(up: Evening, job_run_id: int, seconds: float = 120) -> dict[str, Any]:
    """A row of the ledger once its run has ended."""
    eventually(
        lambda: up.run(job_run_id)["finished_at"] is not None, seconds, f"run {job_run_id} ended"
    )
    return up.run(job_run_id)


@pytest.mark.usefixtures("five_days")
def test_a_pending_row_is_run_and_its_report_delivered_once(up: Evening) -> None:
    asked = up.request(DIALOGS.slug)
    begun = time.monotonic()
    eventually(
        lambda: up.dagit.runs(synkro__job_run_id=str(asked)) != [], LAUNCH_SECONDS, "launched"
    )
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


def delivered_once(up: Evening, company: Company) -> None:
    """The report of the day arrives in the chat by the delivery job, and only once."""
    (report,) = up.rows(
        "select split_part(summary_text, E'\\n', 1) as title from app.reports "
        "join app.tenants using (tenant_id) where slug = %s and business_day = %s",
        company.slug,
        up.day,
    )
    title = report["title"]
    eventually(lambda: title in " ".join(up.chat(company.slug)), 60, f"{title!r} is in the chat")

    def senders() -> set[str]:
        runs = up.dagit.runs(dagster__partition=f"{up.day}|{company.slug}")
        return {run["status"] for run in runs if run["jobName"] == "telegram_delivery_job"}

    eventually(lambda: senders() == {"SUCCESS"}, 60, "the delivery job has succeeded")
    chat = up.chat(company.slug)
    assert sum(title in message for message in chat) == 1
    assert len(set(chat)) == len(chat)


def test_a_new_tenant_appears_in_dagit(up: Evening) -> None:
    assert "acme" not in up.dagit.tenants()
    added = up.command("tenants", "add", "acme", "--name", "Acme", "--timezone", "Asia/Tokyo")
    begun = time.monotonic()
    assert added.returncode == 0, added.stderr
    eventually(lambda: "acme" in up.dagit.tenants(), PARTITION_SECONDS, "its partition is there")
    print(f"new tenant to partition: {time.monotonic() - begun:.1f} s")


def test_three_starts_at_once_run_one_after_the_other(up: Evening) -> None:
    slug = DEALS.slug
    last = max((row["job_run_id"] for row in up.runs(slug)), default=0)
    typed = up.start("run", slug, "--day", up.day.isoformat())
    asked = up.request(slug, business_day=up.day)
    launched = up.dagit.launch("daily_report_job", slug, up.day)
    holders: dict[int, int] = {}

    def all_ended() -> bool:
        now_running = [row for row in up.runs(slug, last) if row["status"] == "running"]
        assert len(now_running) <= 1, now_running
        claim = up.claim(slug)
        if claim["job_run_id"] > last:
            holders.setdefault(claim["fencing_token"], claim["job_run_id"])
        has_ended = up.run(asked)["finished_at"] and up.dagit.has_ended(launched)
        return bool(has_ended) and typed.poll() is not None

    eventually(all_ended, 180, "all three ended")
    said = typed.communicate()[1].splitlines()[-1]
    print(f"synkro run ended with {typed.returncode}: {said}")
    if typed.returncode != 0:
        assert typed.returncode == 1
        assert f"{slug} is being run already: run " in said
    assert up.run(asked)["status"] == "success"
    assert up.dagit.status(launched) == "SUCCESS"
    assert up.dagit.tags(launched)["synkro/tenant"] == slug
    rows = up.runs(slug, last)
    assert len(rows) == (3 if typed.returncode == 0 else 2)
    assert {row["status"] for row in rows} == {"success"}
    assert len(holders) == len(set(holders.values())) == len(rows)
    delivered_once(up, DEALS)


def test_a_bad_day_of_a_backfill_shows_on_the_asset_pages_and_costs_no_other(
    up: Evening, five_days: FiveDays
) -> None:
    eventually(lambda: up.dagit.backfill_has_ended(five_days.backfill), 180, "backfill ended")
    up.mend(five_days.fault)
    bad = five_days.bad
    pages = up.dagit.asset_pages(BOTH.slug, five_days.days)
    of_bad_day = {name: page.pop(bad) for name, page in pages.items()}
    missing = up.dagit.downstream("raw/amocrm")
    assert {"reports/daily_report", "marts/fct_leads"} <= missing
    for name, state in of_bad_day.items():
        of_itself = "failed" if name.startswith("raw/amocrm") else "materialized"
        assert state == ("missing" if name in missing else of_itself), name
    for name, page in pages.items():
        assert set(page.values()) == {"materialized"}, name
    runs = [row for row in up.runs(BOTH.slug) if row["trigger_type"] == "backfill"]
    # Runs that were launched together may begin in any order.
    (failed,) = [row for row in runs if row["status"] != "success"]
    assert failed["status"] == "failed"
    assert f"1 of 5 days failed: {five_days.bad}: amoCRM answered 400" in failed["error"]
    assert len(runs) > 1


def test_a_code_server_that_was_killed_is_started_again(
    up: Evening, crash_with_code_server: Crash
) -> None:
    eventually(lambda: up.log.read_text().count("code server is up") == 2, 60, "started again")
    assert "the code server ended by itself (exit code -9)" in up.log.read_text()
    assert up.run(crash_with_code_server.job_run_id)["status"] == "running"


@pytest.fixture(scope="module")
def retry(up: Evening, five_days: FiveDays) -> str:
    return up.dagit.backfill(BOTH.slug, [five_days.bad])


@pytest.mark.usefixtures("retry")
def test_a_running_run_and_a_waiting_request_are_stopped(up: Evening) -> None:
    first, fault = up.held_run(DIALOGS)
    waiting = up.request(DIALOGS.slug)
    eventually(
        lambda: up.dagit.runs(synkro__job_run_id=str(waiting)) != [], LAUNCH_SECONDS, "queued"
    )
    for job_run_id in (waiting, first):
        stopped = up.command("runs", "stop", str(job_run_id))
        assert stopped.returncode == 0, stopped.stderr
        row = up.run(job_run_id)
        assert (row["status"], row["error"]) == ("canceled", "Stopped by user")
        assert row["stop_requested_by"].endswith("(synkro runs stop)")
        took = (row["finished_at"] - row["stop_requested_at"]).total_seconds()
        print(f"stop asked for to stopped: {took:.1f} s")
        assert took <= STOP_SECONDS
    up.mend(fault)
    assert not up.claim(DIALOGS.slug)["is_held"]
    for job_run_id in (waiting, first):
        (run,) = up.dagit.runs(synkro__job_run_id=str(job_run_id))
        eventually(lambda run_id=run["runId"]: up.dagit.has_ended(run_id), 30, "ended in Dagster")
        assert up.dagit.status(run["runId"]) == "CANCELED"
    listed = document(up.command("runs", "list", DIALOGS.slug, "--json"))
    assert [run["job_run_id"] for run in listed][:2] == [waiting, first]
    told = [line["message"] for line in document(up.command("runs", "log", f"{first}", "--json"))]
    assert any(line.startswith("stop asked for by ") for line in told)
    assert told[-1] == "Stopped by user"


def test_a_run_terminated_in_dagit_is_canceled_in_the_ledger(up: Evening) -> None:
    asked, fault = up.held_run(DIALOGS)
    run_id = up.run(asked)["dagster_run_id"]
    up.dagit.terminate(run_id)
    row = ended(up, asked, STOP_SECONDS)
    assert (row["status"], row["error"]) == ("canceled", "Stopped by user")
    eventually(lambda: up.dagit.status(run_id) == "CANCELED", 30, "canceled in Dagster")
    up.mend(fault)


def test_a_killed_run_is_marked_failed_and_started_once_more(up: Evening) -> None:
    asked, fault = up.held_run(DIALOGS)
    run_id = up.run(asked)["dagster_run_id"]
    kill(psutil.Process(up.dagit.worker(run_id)))
    up.mend(fault)
    buried_and_retried(up, DIALOGS, Crash(asked, run_id, up.now()))


def test_a_run_killed_with_its_code_server_is_marked_failed_and_started_once_more(
    up: Evening, crash_with_code_server: Crash
) -> None:
    buried_and_retried(up, DEALS, crash_with_code_server)


def buried_and_retried(up: Evening, company: Company, crash: Crash) -> None:
    """The ledger tells of a crash in plain words; Dagster's one retry is a run of its own."""
    row = ended(up, crash.job_run_id, BURY_SECONDS)
    took = (row["finished_at"] - crash.at).total_seconds()
    print(f"kill to failed: {took:.1f} s, {row['error']!r}")
    assert took <= BURY_SECONDS
    assert row["status"] == "failed"
    assert row["error"].startswith("the run's process ended without a word: its last sign of life")
    eventually(lambda: len(up.runs(company.slug, crash.job_run_id)) == 1, 90, "the retry began")
    (again,) = up.runs(company.slug, crash.job_run_id)
    print(f"kill to retry: {(again['started_at'] - crash.at).total_seconds():.1f} s")
    assert up.steps(crash.job_run_id)[-1] == "the run is started once more by itself"
    again = ended(up, again["job_run_id"])
    assert (again["status"], again["requested_by"]) == ("success", row["requested_by"])
    (run,) = [run for run in up.dagit.runs() if run["runId"] == again["dagster_run_id"]]
    assert run["parentRunId"] == crash.dagster_run_id
    assert not up.claim(company.slug)["is_held"]


def test_the_retry_of_the_bad_day_completes_the_range_and_sends_nothing(
    up: Evening, five_days: FiveDays, retry: str
) -> None:
    eventually(lambda: up.dagit.backfill_has_ended(retry), 180, "the retry ended")
    for name, page in up.dagit.asset_pages(BOTH.slug, five_days.days).items():
        assert page == dict.fromkeys(five_days.days, "materialized"), name
    told = [row for row in up.runs(BOTH.slug) if row["trigger_type"] == "backfill"]
    assert {row["status"] for row in told[-2:]} == {"success"}
    assert up.chat(BOTH.slug) == [], "past days send nothing unless asked"


def test_a_run_that_met_a_stopped_account_is_started_again_by_itself(up: Evening) -> None:
    with every_account_refused(up):
        asked = up.request(BOTH.slug)
        row = ended(up, asked)
        assert row["status"] == "failed"
        assert "refuses every request from this account" in row["error"]
        (held,) = [each for each in up.runs(BOTH.slug, asked) if each["business_day"] == up.day]
        assert (held["status"], held["waits_for"]) == ("pending", "amocrm")
        assert up.dagit.runs(synkro__job_run_id=str(held["job_run_id"])) == []
    begun = time.monotonic()
    pass_time_until(up, held["not_before"])
    row = ended(up, held["job_run_id"])
    print(f"account answers to its run's end: {time.monotonic() - begun:.1f} s")
    assert (row["status"], row["error"], row["requested_by"]) == ("success", None, "shop")
    delivered_once(up, BOTH)


def test_ctrl_c_leaves_nothing(up: Evening, home: Path) -> None:
    second = synkro(home, "up", "--port", str(up.port), SYNKRO_CODE_SERVER_PORT=str(up.code_port))
    assert second.returncode == 2
    assert f"port {up.port} is in use" in second.stderr
    up.connection.close()
    assert up.stop() == 0, up.log.read_text()
