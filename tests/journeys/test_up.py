"""An evening with ``synkro up``: Dagit, the daemon, ranges, stops, crashes, and everything down.

The stories share one platform and stand in the order in which they are told; each works alone.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from synkro_assets.storage.embedded_server import discard
from tests.journeys.dagit import days_from
from tests.journeys.evening import Evening, evening, kill
from tests.journeys.processes import eventually, processes_of, synkro

BOTH, DIALOGS, DEALS = "demo-motor", "demo-ural", "demo-hudson"


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
        lambda: (up.run(job_run_id)["status"], up.run(job_run_id)["current_step"])
        == ("running", step),
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
    assert told[0] == "raw/radist: started"
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


def test_ctrl_c_leaves_nothing(up: Evening, home: Path) -> None:
    second = synkro(
        home, "up", "--port", str(up.port), SYNKRO_CODE_SERVER_PORT=str(up.code_port)
    )
    assert second.returncode == 2
    assert f"port {up.port} is in use" in second.stderr
    up.connection.close()
    assert up.stop() == 0, up.log.read_text()
