"""Rows a second of a full amoCRM sync into PostgreSQL, against two loaders from the registry.

What lives here: the same account read three times into one database, no limits anywhere. Our
program is ``own_sync``, the others' are ``rivals``; the loader by itself is ``load_rate``.

One thing of the simulator is set for amochka 0.7.0, and holds for all: the ids of the leads fit the
INTEGER columns of its tables. Everybody reads leads with contacts and loss reasons, the contacts,
the events, the users and the pipelines; what each makes of them besides is its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from psycopg import sql

from benchmarks.processes import Measured, ProgramFailed, measure
from benchmarks.stage import Stage
from benchmarks.table import Line, at_least, noted
from synkro_assets.domain.business_day import BusinessDay
from synkro_assets.domain.tenant import Tenant
from synkro_assets.operations.integration_settings import opened
from synkro_assets.operations.provider_clients import amocrm_client
from synkro_assets.storage.integrations import integrations_of

AT_ONCE = 10
TURNS = 3
ENTITIES = ("leads", "contacts", "events", "users", "pipelines")
_RIVALS = Path(__file__).with_name("rivals")
_PINNED = Path(__file__).with_name("requirements.txt")

Tables = dict[str, tuple[str, str]]
_OURS: Tables = {entity: ("raw", f"amocrm_{entity}") for entity in ENTITIES}


@dataclass(frozen=True, slots=True)
class _Rival:
    """Another loader: how many leads it is compared on, where it puts rows, the issue's bound."""

    name: str
    leads: int
    tables: Tables
    bound: float


_AMOCHKAS: Tables = {entity: ("amochka", f"amocrm_{entity}") for entity in ENTITIES}
RIVALS = (
    _Rival("dlt", 5_000, {entity: ("dlt_rows", entity) for entity in ENTITIES}, 3),
    _Rival("amochka", 2_000, _AMOCHKAS | {"events": ("amochka", "amocrm_leads_events")}, 10),
)


class NotCompared(RuntimeError):
    """A comparison that was not made, and why."""


@dataclass(frozen=True, slots=True)
class _Sync:
    """One full sync; the simulator's handlers are part of the seconds and noted beside them."""

    name: str
    seconds: float
    cpu: float
    peak_mib: float
    requests: int
    too_fast: int
    simulator: float
    rows: int

    @property
    def rate(self) -> float:
        return self.rows / self.seconds

    def told(self) -> list[Line]:
        return [
            noted(f"{self.name}: rows a second", self.rate, ""),
            noted(f"{self.name}: rows", self.rows, ""),
            noted(f"{self.name}: seconds", self.seconds, "s"),
            noted(f"{self.name}: CPU seconds of its process", self.cpu, "s"),
            noted(f"{self.name}: seconds in the simulator", self.simulator, "s"),
            noted(f"{self.name}: requests", self.requests, ""),
            noted(f"{self.name}: 429s", self.too_fast, ""),
            noted(f"{self.name}: peak memory", self.peak_mib, "MiB"),
        ]


def measure_sync_rate(stage: Stage) -> list[Line]:
    """Leads with contacts and events, users and pipelines, into the same server.

    Bounds of the issue: 10 times the rows a second of amochka's ETL, 3 times those of a dlt REST
    source. Rows are the leads, contacts, events, users and pipelines that are in the tables after;
    starting an interpreter and making tables is not timed for anybody. A rival that cannot be
    installed or does not finish is a broken bound, not a comparison left out.
    """
    lines: list[Line] = []
    with tempfile.TemporaryDirectory(prefix="synkro-bench-", dir="/tmp") as name:
        try:
            interpreter = _interpreter(Path(name))
            for rival in RIVALS:
                lines += _compared(stage, rival, interpreter, Path(name) / rival.name)
        except (NotCompared, ProgramFailed) as problem:
            what = f"rows a second were not compared: {problem}"
            lines.append(Line(what, 0, "", "compared", holds=False))
    return lines


@dataclass(frozen=True, slots=True)
class _Asked:
    """Who is to store how many leads, and where; Synkro's tables hold other tenants' rows too."""

    name: str
    leads: int
    tables: Tables
    tenant: Tenant | None = None


def _compared(stage: Stage, rival: _Rival, interpreter: Path, folder: Path) -> list[Line]:
    """The fastest of a few turns of each: what else the machine does slows some of them."""
    turns = [_turn(stage, rival, interpreter, folder / f"{n}") for n in range(TURNS)]
    own, other = (max(each, key=lambda sync: sync.rate) for each in zip(*turns, strict=True))
    return [
        *own.told(),
        *other.told(),
        at_least(f"rows a second against {rival.name}", own.rate / other.rate, rival.bound, "x"),
    ]


def _turn(stage: Stage, rival: _Rival, interpreter: Path, folder: Path) -> tuple[_Sync, _Sync]:
    """A new account that both read into empty tables."""
    tenant, day = _account(stage, rival.leads)
    folder.mkdir(parents=True)
    order = _order(stage, tenant, folder)
    with stage.platform.database.owner_session() as connection:
        for schema in {schema for schema, _ in rival.tables.values()}:
            drop = sql.SQL("drop schema if exists {} cascade").format(sql.Identifier(schema))
            connection.execute(drop)
    return (
        _counted(stage, _Asked("synkro", rival.leads, _OURS, tenant), _synkro(stage, tenant, day)),
        _counted(
            stage,
            _Asked(rival.name, rival.leads, rival.tables),
            _started(interpreter, rival.name, order),
        ),
    )


def _account(stage: Stage, leads: int) -> tuple[Tenant, BusinessDay]:
    tenant = stage.tenant("sync")
    day = BusinessDay(stage.latest_closed(tenant))
    stage.load(tenant, day, dialogs=0, lead_base=1_000_000_000)
    window = tenant.config.calendar.window(day)
    for number in range(leads // AT_ONCE):
        at = window.start + timedelta(minutes=5 + number)
        order = {"count": AT_ONCE, "at": at.isoformat()}
        stage.simulators.ask("POST", f"amocrm/leads/{tenant.slug}", order)
    # What the simulator works out at its first request is nobody's time.
    with amocrm_client(stage.platform, tenant) as client:
        client.sample_contacts(1)
    return tenant, day


def _counted(stage: Stage, asked: _Asked, sync: Callable[[], Measured]) -> _Sync:
    stage.simulators.forget_requests()
    done = sync()
    cost = json.loads(done.stdout.strip().splitlines()[-1])
    summary = stage.simulators.ask("GET", "log?limit=0")["summary"]["amocrm"]
    return _Sync(
        asked.name,
        cost["seconds"],
        cost["cpu"],
        cost["peak_mib"],
        summary["count"],
        summary["statuses"].get("429", 0),
        summary["handler_seconds"],
        _rows(stage, asked, done.stderr),
    )


def _rows(stage: Stage, asked: _Asked, said: str) -> int:
    """How many rows are stored; raises NotCompared when leads are missing."""
    of_tenant: sql.Composable = sql.SQL("")
    if asked.tenant:
        of_tenant = sql.SQL(" where tenant_id = {}").format(asked.tenant.tenant_id)
    stored = {}
    with stage.platform.database.owner_session() as connection:
        for entity, table in asked.tables.items():
            count = sql.SQL("select count(*) as n from {}").format(sql.Identifier(*table))
            found = connection.execute(count + of_tenant).fetchone()
            stored[entity] = int(found["n"]) if found else 0
    if min(stored["leads"], stored["contacts"], stored["events"]) < asked.leads:
        raise NotCompared(f"{asked.name} stored {stored} of {asked.leads} leads: {said[-2000:]}")
    return sum(stored.values())


def _synkro(stage: Stage, tenant: Tenant, day: BusinessDay) -> Callable[[], Measured]:
    home, url = (stage.environment[f"SYNKRO_{name}"] for name in ("HOME", "DATABASE_URL"))
    program = [sys.executable, "-m", "benchmarks.own_sync", home, url, tenant.slug, day.isoformat()]
    return partial(measure, program, stage.environment)


def _started(interpreter: Path, name: str, order: dict[str, str]) -> Callable[[], Measured]:
    return partial(
        measure,
        [str(interpreter), str(_RIVALS / f"{name}_sync.py"), json.dumps(order)],
        {"PATH": os.environ["PATH"], "HOME": order["folder"], "RUNTIME__DLTHUB_TELEMETRY": "false"},
    )


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
    python = folder / "venv" / "bin" / "python"
    try:
        subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
        install = [str(python), "-m", "pip", "install", "-q", "--no-deps", "-r", str(_PINNED)]
        subprocess.run(install, check=True)
    except (subprocess.CalledProcessError, OSError) as problem:
        said = f"amochka and dlt were not compared with: they cannot be installed ({problem})"
        raise NotCompared(said) from problem
    return python
