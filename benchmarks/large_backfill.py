"""A month of a large company at once: how much memory its 300,000 messages take.

What lives here: ``synkro backfill`` over busy days, and one day alone with a third of their
messages. What a backfill costs beside a single day is ``backfill``; large days by ``synkro run``
are ``volume``.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import LiteralString

from psycopg import sql

from benchmarks.dialogs import write_dialogs
from benchmarks.processes import Measured, measure_synkro
from benchmarks.stage import Stage
from benchmarks.table import Line, at_least, at_most, noted
from synkro_assets.domain.business_day import BusinessDay
from synkro_assets.domain.tenant import Tenant

DAYS, MESSAGES = 30, 300_000
BUSY_DAY = 100_000
MESSAGES_PER_DIALOG = 20


@dataclass(frozen=True, slots=True)
class _Backfill:
    """A backfill, what it asked of the providers, and what is stored after it."""

    run: Measured
    messages: int
    reports: int
    requests: dict[str, int]
    too_many: int
    simulator: float


def measure_large_backfill(stage: Stage) -> list[Line]:
    """``synkro backfill`` of an ``amocrm_radist`` tenant, the mode that holds the most: 30 days
    with 10,000 messages each, 20 to a dialog and each dialog a chat of its own; then one day with
    100,000. Raw rows of both sources, lookups of phones, transforms, facts and reports.

    The bound of the issue, 450 MiB for 300,000 messages: a small machine reads a company's month.
    It is the peak of the command's own process, which has no children. The simulators' limits are
    off and the tenant's pace is 1,000 requests a second (``stage``), or 15,000 chats would take
    most of an hour at Radist's five; the tenant's volume limits are raised to let all of it in.
    """
    month = _backfill(stage, "month", DAYS, MESSAGES // DAYS)
    day = _backfill(stage, "day", 1, BUSY_DAY)
    return [
        *_told("backfill of 300,000 messages", month, DAYS, MESSAGES),
        *_told("backfill of a day of 100,000 messages", day, 1, BUSY_DAY),
    ]


def _told(what: str, done: _Backfill, days: int, planted: int) -> list[Line]:
    return [
        at_least(f"{what}: messages stored", done.messages, planted, ""),
        at_least(f"{what}: reports made", done.reports, days, ""),
        noted(f"{what}: seconds", done.run.wall, "s"),
        noted(f"{what}: CPU", done.run.cpu, "s"),
        noted(f"{what}: seconds of these in the simulator", done.simulator, "s"),
        noted(f"{what}: messages a second", done.messages / done.run.wall, ""),
        noted(f"{what}: requests to Radist", done.requests["radist"], ""),
        noted(f"{what}: requests to amoCRM", done.requests["amocrm"], ""),
        at_most(f"{what}: refused with 429", done.too_many, 0, ""),
        at_most(f"{what}: peak memory", done.run.peak_mib, 450, "MiB"),
    ]


def _backfill(stage: Stage, name: str, count: int, messages: int) -> _Backfill:
    """``count`` days of ``messages`` each, made up, connected and backfilled."""
    tenant = stage.tenant(f"large-{name}")
    last = BusinessDay(stage.latest_closed(tenant) - timedelta(days=1))
    days = [BusinessDay(last - timedelta(days=n)) for n in reversed(range(count))]
    _plant(stage, tenant, days, messages)
    stage.simulators.forget_requests()
    done = measure_synkro(
        stage.environment, "backfill", tenant.slug, "--from", str(days[0]), "--to", str(last)
    )
    log = stage.simulators.ask("GET", "log?limit=0")["summary"]
    asked = {source: log[source] for source in ("radist", "amocrm")}
    return _Backfill(
        done,
        _count(stage, tenant, "raw.radist_messages"),
        _count(stage, tenant, "app.reports"),
        {source: each["count"] for source, each in asked.items()},
        sum(each["statuses"].get("429", 0) for each in asked.values()),
        stage.simulators.handler_seconds(),
    )


def _plant(stage: Stage, tenant: Tenant, days: Sequence[BusinessDay], messages: int) -> None:
    with tempfile.TemporaryDirectory(prefix="synkro-bench-") as folder:
        file = Path(folder) / "dialogs.jsonl"
        write_dialogs(file, messages // MESSAGES_PER_DIALOG, messages)
        for day in days:
            stage.load(tenant, day, dialogs_file=str(file))


def _count(stage: Stage, tenant: Tenant, table: LiteralString) -> int:
    statement = sql.SQL("select count(*) as stored from {}").format(sql.SQL(table))
    with stage.platform.database.tenant_transaction(tenant.tenant_id) as connection:
        found = connection.execute(statement).fetchone()
    return int(found["stored"]) if found else 0
