"""The business ledger of runs: ``app.job_runs`` and their step log ``app.job_run_events``.

What lives here: recording what a run is and does. Who may run a tenant is ``run_claims``; the
technical log of a run is Dagster's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from psycopg import sql
from psycopg.types.json import Jsonb

from synkro_assets.domain.business_day import Window
from synkro_assets.domain.errors import UsageProblem
from synkro_assets.domain.tenant import Mode
from synkro_assets.storage.database import Connection, scalar


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What is run, for whom and who asked; ``window`` spans the days from first to last.

    ``job_run_id`` names the pending row that asked for this run, where one did.
    """

    job_type: str
    mode: Mode
    trigger_type: str
    first_business_day: date
    business_day: date
    window: Window
    requested_by: str
    dagster_run_id: str
    job_run_id: int | None = None


def start_run(connection: Connection, tenant_id: UUID, request: RunRequest) -> int:
    """Enter a run that begins now; returns its ``job_run_id``.

    A pending row becomes the run it asked for and keeps who asked and how. Raises UsageProblem when
    that row is no longer pending: somebody stopped it, or another run took it.
    """
    columns = {
        "mode": request.mode,
        "first_business_day": request.first_business_day,
        "business_day": request.business_day,
        "window_start": request.window.start,
        "window_end": request.window.end,
        "dagster_run_id": request.dagster_run_id,
    }
    if request.job_run_id is not None:
        return _adopt(connection, tenant_id, request.job_run_id, columns)
    columns |= {
        "tenant_id": tenant_id,
        "job_type": request.job_type,
        "trigger_type": request.trigger_type,
        "requested_by": request.requested_by,
    }
    statement = sql.SQL(
        "insert into app.job_runs (status, started_at, {}) values ('running', now(), {}) "
        "returning job_run_id"
    ).format(
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.SQL(", ").join(sql.Placeholder() * len(columns)),
    )
    job_run_id: int = scalar(connection.execute(statement, [*columns.values()]).fetchone())
    return job_run_id


def _adopt(
    connection: Connection, tenant_id: UUID, job_run_id: int, columns: dict[str, Any]
) -> int:
    changes = sql.SQL(", ").join(
        sql.SQL("{} = %s").format(sql.Identifier(name)) for name in columns
    )
    done = connection.execute(
        sql.SQL(
            "update app.job_runs set status = 'running', started_at = now(), {} "
            "where tenant_id = %s and job_run_id = %s and status = 'pending'"
        ).format(changes),
        [*columns.values(), tenant_id, job_run_id],
    )
    if done.rowcount != 1:
        raise UsageProblem(
            f"run request {job_run_id} is no longer pending: it was stopped or has run already"
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
        "where tenant_id = %s and job_run_id = %s and status in ('pending', 'running')",
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


def failed_days(connection: Connection, tenant_id: UUID, dagster_run_id: str) -> dict[date, str]:
    """Why days of a Dagster run failed, by day, as its step log says first."""
    rows = connection.execute(
        "select distinct on (1) (event.metadata ->> 'business_day')::date as day, event.message "
        "from app.job_run_events as event join app.job_runs as run using (tenant_id, job_run_id) "
        "where run.tenant_id = %s and run.dagster_run_id = %s and event.level = 'error' "
        "and event.metadata ? 'business_day' order by 1, event.event_id",
        [tenant_id, dagster_run_id],
    )
    return {row["day"]: row["message"].removeprefix(f"{row['day']}: ") for row in rows}
