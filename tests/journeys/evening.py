"""One ``synkro up --demo`` and everything that can be seen of it from outside.

What lives here: starting and ending it, its database, its simulators' control interface, its
processes. Dagit is ``dagit``; nothing of the product is called but its embedded database.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psutil
import psycopg
from psycopg.rows import dict_row

from synkro_assets.storage.embedded_server import running_server
from tests.databases import hurry
from tests.journeys.dagit import Dagit
from tests.journeys.processes import COMMAND, ROOT, environment, eventually, synkro

START_SECONDS = 150
# Far from the hour at which any of the demo's companies closes its day.
QUIET_HOUR = 12
CLOSE = time(22, 1)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Company:
    """One of the demo's companies, whose days close at one minute past ten in the evening."""

    slug: str
    timezone: str
    language: str
    region: str
    has_dialogs: bool = True

    def window(self, day: date) -> tuple[datetime, datetime]:
        """From the evening before to the day's own."""
        close = datetime.combine(day, CLOSE, ZoneInfo(self.timezone))
        return close - timedelta(days=1), close


@dataclass
class Evening:
    """The running platform; ``day`` is the latest closed day of each of its companies."""

    home: Path
    port: int
    code_port: int
    log: Path
    process: subprocess.Popen[bytes]
    connection: psycopg.Connection[dict[str, Any]]
    dagit: Dagit
    simulators: str
    day: date

    def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        """What the platform's database answers, of all tenants."""
        found = self.connection.execute(query.encode(), values)
        return found.fetchall() if found.description else []

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """One request to the simulators' control interface."""
        request = urllib.request.Request(
            self.simulators + path,
            method=method,
            data=json.dumps(body).encode() if body is not None else None,
            headers={"content-type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read() or b"null")

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A ``synkro`` command beside the platform, on the same clock."""
        return synkro(self.home, *arguments, **self.variables())

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """The same without waiting for its end."""
        return subprocess.Popen(
            [*COMMAND, *arguments],
            env=environment(self.home, **self.variables()),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def variables(self) -> dict[str, str]:
        return {
            "SYNKRO_CODE_SERVER_PORT": str(self.code_port),
            "SYNKRO_CLOCK_URL": f"{self.simulators}clock",
        }

    def request(self, tenant: str, **columns: Any) -> int:
        """A pending row as another program writes it; returns its id."""
        values = {"job_type": "daily_report", "requested_by": "shop", **columns}
        marks = ", ".join(["%s"] * len(values))
        (row,) = self.rows(
            f"insert into app.job_runs (tenant_id, mode, trigger_type, {', '.join(values)}) "
            "select tenant_id, mode, 'api', "
            f"{marks} from app.tenants join app.tenant_runtime_configs using (tenant_id) "
            "where slug = %s returning job_run_id",
            *values.values(),
            tenant,
        )
        return int(row["job_run_id"])

    def now(self) -> datetime:
        """The time by the clock that stamps the ledger."""
        now: datetime = self.rows("select clock_timestamp() as now")[0]["now"]
        return now

    def run(self, job_run_id: int) -> dict[str, Any]:
        """A row of the ledger."""
        (row,) = self.rows("select * from app.job_runs where job_run_id = %s", job_run_id)
        return row

    def runs(self, tenant: str, after: int = 0) -> list[dict[str, Any]]:
        """A tenant's rows of the ledger beyond one of them, oldest first."""
        return self.rows(
            "select run.* from app.job_runs as run join app.tenants using (tenant_id) "
            "where slug = %s and job_run_id > %s order by job_run_id",
            tenant,
            after,
        )

    def steps(self, job_run_id: int) -> list[str]:
        """A run's step log as a person reads it."""
        return [
            f"{row['step']}: {row['message']}" if row["step"] else row["message"]
            for row in self.rows(
                "select step, message from app.job_run_events where job_run_id = %s "
                "order by event_id",
                job_run_id,
            )
        ]

    def claim(self, tenant: str) -> dict[str, Any]:
        """Who held the tenant last, with which token, and whether that still lasts."""
        rows = self.rows(
            "select job_run_id, fencing_token, lease_until > clock_timestamp() as is_held "
            "from app.run_claims join app.tenants using (tenant_id) where slug = %s",
            tenant,
        )
        return rows[0] if rows else {"job_run_id": 0, "fencing_token": 0, "is_held": False}

    def chat(self, tenant: str) -> list[str]:
        """Every message of a tenant's Telegram chat."""
        found = self.control("GET", f"telegram/messages?tenant={tenant}")["messages"]
        return [message["text"] for message in found]

    def load(self, company: Company, day: date) -> None:
        """Make up a day of a company."""
        start, end = company.window(day)
        order = {
            "tenant": company.slug,
            "day": day.isoformat(),
            "window_start": start.isoformat(),
            "window_end": end.isoformat(),
            "timezone": company.timezone,
            "language": company.language,
            "region": company.region,
        }
        self.control("POST", "worlds", order)

    def held_run(self, company: Company) -> tuple[int, int]:
        """Ask for a run and hold it up: its row of the ledger and the fault, once it stands."""
        fault = self._hold_up(company)
        asked = self.request(company.slug)
        eventually(lambda: self.has_struck(fault), 60, f"run {asked} waits for the provider")
        return asked, fault

    def refuse(self, path: str) -> int:
        """Let amoCRM refuse the requests to a path from now on; returns the fault's id."""
        return self._fault({"provider": "amocrm", "path": path}, {"status": 400})

    def _hold_up(self, company: Company) -> int:
        """Let a company's next dialogs or deals wait for longer than anybody watches."""
        if company.has_dialogs:
            (row,) = self.rows(
                "select public_data ->> 'company_id' as id from app.integration_configs "
                "join app.tenants using (tenant_id) where slug = %s and kind = 'radist'",
                company.slug,
            )
            match = {"provider": "radist", "path": f"/companies/{row['id']}/"}
        else:
            start = company.window(self.day)[0].timestamp()
            match = {"provider": "amocrm", "path": f"from%5D={start:.0f}"}
        return self._fault(match, {"delay_seconds": 600})

    def _fault(self, match: dict[str, str], action: dict[str, int]) -> int:
        order = {"match": match, "action": action, "count": None}
        return int(self.control("POST", "faults", order)["fault_id"])

    def has_struck(self, fault: int) -> bool:
        """Whether a request met the fault."""
        faults = self.control("GET", "faults")["faults"]
        return any(each["fault_id"] == fault and each["hits"] for each in faults)

    def mend(self, fault: int) -> None:
        """Let the requests through again."""
        assert self.has_struck(fault)
        self.control("DELETE", f"faults/{fault}")

    def process_of(self, words: str) -> psutil.Process:
        """The one process of this platform that was started with these words."""
        (found,) = [
            each
            for each in psutil.Process(self.process.pid).children()
            if words in " ".join(each.cmdline())
        ]
        return found

    def stop(self) -> int:
        """Ctrl-C; returns the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)


@contextmanager
def evening(home: Path) -> Iterator[Evening]:
    """The platform with its demo companies, whose schedules are off before a tick reads them."""
    port, code_port, log = free_port(), free_port(), home.parent / "up.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [*COMMAND, "up", "--demo", "--port", str(port)],
            env=environment(home, SYNKRO_CODE_SERVER_PORT=str(code_port)),
            cwd=ROOT,
            stderr=output,
            stdout=output,
        )
    try:
        # The companies are there, the daemon is not yet.
        _await_words("simulators: ", log, process)
        (simulators,) = re.findall(r"simulators: (\S+)", log.read_text())
        with (
            running_server(home) as url,
            psycopg.connect(url, autocommit=True, row_factory=dict_row) as connection,
        ):
            found = Evening(
                home, port, code_port, log, process, connection, Dagit(port), simulators, date.min
            )
            _switch_schedules_off(found)
            hurry(url)
            _await_words("Dagit: http", log, process)
            _settle(found)
            yield found
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(60)


def _await_words(words: str, log: Path, process: subprocess.Popen[bytes]) -> None:
    eventually(
        lambda: words in log.read_text() or process.poll() is not None,
        START_SECONDS,
        f"{words!r} is said",
    )
    assert process.poll() is None, log.read_text()


def _switch_schedules_off(platform: Evening) -> None:
    """Let nothing but the stories begin a run; a tick that has read the schedules goes on."""
    platform.rows("update app.tenant_runtime_configs set is_schedule_enabled = false")
    assert "daemon is up" not in platform.log.read_text()


def _settle(platform: Evening) -> None:
    """Hurry the simulators and stop their clock at noon."""
    platform.control("POST", "limits", {"enabled": False})
    for rate in ("requests_per_second", "chats_per_second"):
        platform.rows(
            "update app.integration_configs set public_data = "
            "jsonb_set(public_data, array[%s], '1000') where public_data ? %s",
            rate,
            rate,
        )
    now = datetime.fromisoformat(platform.control("GET", "clock")["now"])
    noon = now.replace(hour=QUIET_HOUR, minute=0)
    platform.control("PUT", "clock", {"now": noon.isoformat(), "rate": 1})
    platform.day = noon.date() - timedelta(days=1)
    assert platform.dagit.runs() == []


def kill(*processes: psutil.Process) -> None:
    """``kill -9``, all at once and with their children."""
    doomed = [child for each in processes for child in each.children(recursive=True)]
    for each in [*processes, *doomed]:
        os.kill(each.pid, signal.SIGKILL)
