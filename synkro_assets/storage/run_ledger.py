"""The business ledger of runs: ``app.job_runs`` and their step log ``app.job_run_events``.

What lives here: recording what a run is and does. Who may run a tenant is ``run_claims``; the
technical log of a run is Dagster's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from synkro_assets.domain.business_day import Window
from synkro_assets.domain.tenant import Mode
from synkro_assets.storage.database import Connection, scalar


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What is run, for whom and who asked."""

    job_type: str
    mode: Mode
    trigger_type: str
    business_day: date
    window: Window
    requested_by: str
    dagster_run_id: str


def start_run(connection: Connection, tenant_id: UUID, request: RunRequest) -> int:
    """Enter a run that begins now; returns its ``job_run_id``."""
    job_run_id: int = scalar(
        connection.execute(
            "insert into app.job_runs (tenant_id, job_type, mode, trigger_type, status, "
            "business_day, window_start, window_end, dagster_run_id, requested_by, started_at) "
            "values (%s, %s, %s, %s, 'running', %s, %s, %s, %s, %s, now()) returning job_run_id",
            [
                tenant_id,
                request.job_type,
                request.mode,
                request.trigger_type,
                request.business_day,
                request.window.start,
                request.window.end,
                request.dagster_run_id,
                request.requested_by,
            ],
        ).fetchone()
    )
    return job_run_id


def record_step(
    connection: Connection, tenant_id: UUID, job_run_id: int, step: str, progress: int
) -> None:
    """The step a run is at and how far it is, in per cent."""
    connection.execute(
        "update app.job_runs set current_step = %s, progress = greatest(progress, %s) "
        "where tenant_id = %s and job_run_id = %s",
        [step, progress, tenant_id, job_run_id],
    )


def record_event(
    connection: Connection,
    tenant_id: UUID,
    job_run_id: int,
    message: str,
    *,
    step: str | None = None,
    level: str = "info",
    metadata: dict[str, Any] | None = None,
) -> None:
    """One line of a run's step log."""
    connection.execute(
        "insert into app.job_run_events (tenant_id, job_run_id, level, step, message, metadata) "
        "values (%s, %s, %s, %s, %s, %s)",
        [tenant_id, job_run_id, level, step, message, Jsonb(metadata or {})],
    )


def finish_run(
    connection: Connection, tenant_id: UUID, job_run_id: int, status: str, error: str | None
) -> None:
    """How a run ended: ``success``, ``failed`` or ``canceled``."""
    connection.execute(
        "update app.job_runs set status = %s, error = %s, finished_at = now(), "
        "progress = case when %s = 'success' then 100 else progress end "
        "where tenant_id = %s and job_run_id = %s",
        [status, error, status, tenant_id, job_run_id],
    )


@dataclass(frozen=True, slots=True)
class RunEvent:
    """One line of a run's step log, as it was stored."""

    event_id: int
    level: str
    step: str | None
    message: str
    created_at: datetime


def events_since(
    connection: Connection, tenant_id: UUID, dagster_run_id: str, after: int
) -> list[RunEvent]:
    """The step log of a Dagster run beyond event ``after``, oldest first."""
    rows = connection.execute(
        "select event.event_id, event.level, event.step, event.message, event.created_at "
        "from app.job_run_events as event join app.job_runs as run using (tenant_id, job_run_id) "
        "where run.tenant_id = %s and run.dagster_run_id = %s and event.event_id > %s "
        "order by event.event_id",
        [tenant_id, dagster_run_id, after],
    )
    return [RunEvent(**row) for row in rows]


def run_of(connection: Connection, tenant_id: UUID, dagster_run_id: str) -> dict[str, Any] | None:
    """The ledger's row of a Dagster run, if it got as far as entering one."""
    return connection.execute(
        "select job_run_id, status, error, current_step, progress from app.job_runs "
        "where tenant_id = %s and dagster_run_id = %s",
        [tenant_id, dagster_run_id],
    ).fetchone()
