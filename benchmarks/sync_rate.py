"""Rows a second of a full amoCRM sync into PostgreSQL, against two loaders from the registry.

What lives here: the same account read three times into one database, no limits anywhere. The
others' programs are ``rivals``; the loader by itself is ``load_rate``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from benchmarks.processes import measure
from benchmarks.stage import Stage
from benchmarks.table import Line, at_least, noted
from synkro_assets.domain.business_day import BusinessDay
from synkro_assets.domain.tenant import Tenant
from synkro_assets.ingestion.amocrm import fetch_day, raw_rows
from synkro_assets.operations.integration_settings import opened
from synkro_assets.operations.provider_clients import amocrm_client
from synkro_assets.storage.integrations import integrations_of
from synkro_assets.storage.raw_rows import AMOCRM_TABLES, Load, ensure_month, load_rows

LEADS, AT_ONCE = 4_000, 100
ENTITIES = ("leads", "contacts", "events", "users", "pipelines")
_RIVALS = Path(__file__).with_name("rivals")
_PINNED = Path(__file__).with_name("requirements.txt")


@dataclass(frozen=True, slots=True)
class _Sync:
    """One full sync; the simulator's handlers are part of the seconds and noted beside them."""

    seconds: float
    rows: int
    requests: int
    simulator: float

    @property
    def rate(self) -> float:
        return self.rows / self.seconds


def measure_sync_rate(stage: Stage) -> list[Line]:
    """20,000 leads with contacts and events, users and pipelines, into the same server.

    Bounds of the issue: 10 times the rows a second of amochka's ETL, 3 times those of a dlt REST
    source. Rows are the leads, contacts, events, users and pipelines that are in the tables after;
    starting an interpreter and making tables is not timed for anybody.
    """
    tenant, day = _account(stage)
    ours = _counted(stage, lambda: _synkro(stage, tenant, day))
    with tempfile.TemporaryDirectory(prefix="synkro-bench-", dir="/tmp") as name:
        folder = Path(name)
        interpreter = _interpreter(folder)
        order = _order(stage, tenant, folder)
        dlt = _counted(stage, lambda: _rival(stage, interpreter, "dlt_sync", order, "dlt_rows"))
        amochka = _counted(
            stage, lambda: _rival(stage, interpreter, "amochka_sync", order, "amochka")
        )
    return [
        *_told("synkro", ours),
        *_told("dlt", dlt),
        *_told("amochka", amochka),
        at_least("rows a second against dlt", ours.rate / dlt.rate, 3, "x"),
        at_least("rows a second against amochka", ours.rate / amochka.rate, 10, "x"),
    ]


def _told(name: str, sync: _Sync) -> list[Line]:
    return [
        noted(f"{name}: rows a second", sync.rate, ""),
        noted(f"{name}: rows", sync.rows, ""),
        noted(f"{name}: seconds", sync.seconds, "s"),
        noted(f"{name}: seconds of these in the simulator", sync.simulator, "s"),
        noted(f"{name}: requests", sync.requests, ""),
    ]


def _account(stage: Stage) -> tuple[Tenant, BusinessDay]:
    tenant = stage.tenant("sync")
    day = BusinessDay(stage.latest_closed(tenant))
    stage.load(tenant, day, dialogs=0, lead_base=1_000_000_000)
    window = tenant.config.calendar.window(day)
    for number in range(LEADS // AT_ONCE):
        at = window.start + timedelta(minutes=5 + number)
        order = {"count": AT_ONCE, "at": at.isoformat()}
        stage.simulators.ask("POST", f"amocrm/leads/{tenant.slug}", order)
    return tenant, day


def _counted(stage: Stage, sync: Any) -> _Sync:
    stage.simulators.forget_requests()
    seconds, rows = sync()
    summary = stage.simulators.ask("GET", "log?limit=0")["summary"]["amocrm"]
    return _Sync(seconds, rows, summary["count"], summary["handler_seconds"])


def _synkro(stage: Stage, tenant: Tenant, day: BusinessDay) -> tuple[float, int]:
    with stage.platform.database.tenant_transaction(tenant.tenant_id) as connection:
        ensure_month(connection, day)
    started = time.perf_counter()
    with amocrm_client(stage.platform, tenant) as client:
        read = fetch_day(client, tenant.config.calendar.window(day))
    rows = raw_rows(read, tenant.default_region)
    load = Load(tenant.tenant_id, day, stage.platform.clock.now(), "benchmark")
    with stage.platform.database.tenant_transaction(tenant.tenant_id) as connection:
        for table in AMOCRM_TABLES:
            load_rows(connection, table, load, rows[table.name])
    seconds = time.perf_counter() - started
    return seconds, sum(len(rows[f"amocrm_{entity}"]) for entity in ENTITIES)


def _rival(
    stage: Stage, interpreter: Path, program: str, order: dict[str, str], schema: str
) -> tuple[float, int]:
    done = measure(
        [str(interpreter), str(_RIVALS / f"{program}.py"), json.dumps(order)],
        {"PATH": os.environ["PATH"], "HOME": order["folder"], "RUNTIME__DLTHUB_TELEMETRY": "false"},
    )
    seconds = float(json.loads(done.stdout.strip().splitlines()[-1])["seconds"])
    tables = {"amochka": {name: f"amocrm_{name}" for name in ENTITIES}}.get(schema, {})
    tables = tables | ({"events": "amocrm_leads_events"} if tables else {})
    with stage.platform.database.owner_session() as connection:
        rows = 0
        for entity in ENTITIES:
            query = f'select count(*) as n from "{schema}"."{tables.get(entity, entity)}"'
            found = connection.execute(query.encode()).fetchone()
            rows += found["n"] if found else 0
    if rows < 3 * LEADS:
        raise AssertionError(f"{program} stored {rows} rows of {3 * LEADS}: {done.stderr[-2000:]}")
    return seconds, rows


def _order(stage: Stage, tenant: Tenant, folder: Path) -> dict[str, str]:
    with stage.platform.database.tenant_transaction(tenant.tenant_id) as connection:
        stored = integrations_of(connection, tenant.tenant_id)["amocrm"]
    url = urlsplit(stage.environment["SYNKRO_DATABASE_URL"])
    host = url.hostname or parse_qs(url.query).get("host", ["localhost"])[0]
    return {
        "base_url": stored.public_data["base_url"],
        "token": opened(stage.platform, tenant, stored)["long_lived_token"],
        "folder": str(folder),
        "host": unquote(host),
        "port": str(url.port or parse_qs(url.query).get("port", ["5432"])[0]),
        "user": unquote(url.username or ""),
        "password": unquote(url.password or ""),
        "database": url.path.lstrip("/"),
    }


def _interpreter(folder: Path) -> Path:
    """An environment of the others' own; SYNKRO_BENCH_VENV names one that is there already."""
    given = os.environ.get("SYNKRO_BENCH_VENV")
    if given:
        return Path(given) / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
    python = folder / "venv" / "bin" / "python"
    install = [str(python), "-m", "pip", "install", "-q", "--no-deps", "-r", str(_PINNED)]
    subprocess.run(install, check=True)
    return python
