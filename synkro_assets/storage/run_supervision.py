"""Looking after runs from outside: requests that wait, runs that fell silent, stops.

What lives here: the questions a sensor or an operator asks of the ledger, over all tenants. What a
run writes of itself is ``run_ledger``; the lease it holds is ``run_claims``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from synkro_assets.domain.tenant import TenantSlug
from synkro_assets.storage.database import Connection
from synkro_assets.storage.run_claims import void_claim
from synkro_assets.storage.run_ledger import finish_run, record_event


@dataclass(frozen=True, slots=True)
class PendingRequest:
    """A row of the ledger that asks for a run; ``waits_for`` is whose stop held it back."""

    tenant_id: UUID
    slug: TenantSlug
    job_run_id: int
    job_type: str
    trigger_type: str
    requested_by: str
    first_business_day: date | None
    business_day: date | None
    window_start: datetime | None
    window_end: datetime | None
    created_at: datetime
    waits_for: str | None


@dataclass(frozen=True, slots=True)
class UnfinishedRun:
    """A run the ledger takes for running; without ``heartbeat_at`` its claim is another run's."""

    tenant_id: UUID
    slug: TenantSlug
    job_run_id: int
    dagster_run_id: str | None
    started_at: datetime | None
    heartbeat_at: datetime | None
    is_silent: bool


def pending_requests(connection: Connection, limit: int) -> list[PendingRequest]:
    """The oldest requests that no run has taken yet and nothing holds back."""
    rows = connection.execute(
        "select run.tenant_id, tenant.slug, run.job_run_id, run.job_type, run.trigger_type, "
        "run.requested_by, run.first_business_day, run.business_day, run.window_start, "
        "run.window_end, run.created_at, run.waits_for "
        "from app.job_runs as run join app.tenants as tenant using (tenant_id) "
        "where run.status = 'pending' and run.not_before is null "
        "order by run.created_at, run.job_run_id limit %s",
        [limit],
    )
    return [PendingRequest(**row) for row in rows]


def unfinished_runs(connection: Connection, tenant_id: UUID | None = None) -> list[UnfinishedRun]:
    """The runs the ledger takes for running, of one tenant or of all.

    A run is silent when its lease ran out or its claim is somebody else's by now.
    """
    rows = connection.execute(
        "select run.tenant_id, tenant.slug, run.job_run_id, run.dagster_run_id, run.started_at, "
        "claim.heartbeat_at, coalesce(claim.lease_until <= clock_timestamp(), true) as is_silent "
        "from app.job_runs as run join app.tenants as tenant using (tenant_id) "
        "left join app.run_claims as claim using (tenant_id, job_run_id) "
        "where run.status = 'running' and (%(tenant)s::uuid is null or run.tenant_id = %(tenant)s) "
        "order by run.job_run_id",
        {"tenant": tenant_id},
    )
    return [UnfinishedRun(**row) for row in rows]


def unsettled_runs(connection: Connection, quiet_seconds: float) -> list[UnfinishedRun]:
    """Runs and requests of which Dagster may know more than the ledger does.

    Those are runs without a sign of life for ``quiet_seconds`` and requests as old as that.
    """
    rows = connection.execute(
        "select run.tenant_id, tenant.slug, run.job_run_id, run.dagster_run_id, run.started_at, "
        "claim.heartbeat_at, false as is_silent "
        "from app.job_runs as run join app.tenants as tenant using (tenant_id) "
        "left join app.run_claims as claim using (tenant_id, job_run_id) "
        "where run.status in ('pending', 'running') and run.not_before is null "
        "and coalesce(claim.heartbeat_at, run.created_at) "
        "< clock_timestamp() - make_interval(secs => %s) order by run.job_run_id",
        [quiet_seconds],
    )
    return [UnfinishedRun(**row) for row in rows]


def living_runs(
    connection: Connection, dagster_run_ids: Sequence[str], quiet_seconds: float
) -> set[str]:
    """Those of some Dagster runs that are running or ended less than ``quiet_seconds`` ago."""
    rows = connection.execute(
        "select dagster_run_id from app.job_runs where dagster_run_id = any(%s) "
        "and (status = 'running' "
        "or finished_at > clock_timestamp() - make_interval(secs => %s))",
        [list(dagster_run_ids), quiet_seconds],
    )
    return {row["dagster_run_id"] for row in rows}


def requests_stopped_within(connection: Connection, seconds: float) -> list[int]:
    """The requests that were taken back lately before any run took them."""
    rows = connection.execute(
        "select job_run_id from app.job_runs where status = 'canceled' and dagster_run_id is null "
        "and stop_requested_at > clock_timestamp() - make_interval(secs => %s)",
        [seconds],
    )
    return [row["job_run_id"] for row in rows]


def bury_run(
    connection: Connection, run: UnfinishedRun, error: str | None, status: str = "failed"
) -> None:
    """Enter the outcome of a run that cannot do so itself, and free its claim for good."""
    void_claim(connection, run.tenant_id, run.job_run_id)
    finish_run(connection, run.tenant_id, run.job_run_id, status, error)
    level = "info" if status == "success" else "error"
    record_event(connection, run.tenant_id, run.job_run_id, error or "finished", level=level)


def bury_silent_runs(connection: Connection, tenant_id: UUID | None = None) -> list[UnfinishedRun]:
    """Mark the silent runs failed and free their claims; returns them."""
    silent = [run for run in unfinished_runs(connection, tenant_id) if run.is_silent]
    for run in silent:
        bury_run(connection, run, silence(run))
    return silent


def silence(run: UnfinishedRun) -> str:
    """What is said of a run whose process is gone."""
    last = ""
    if run.heartbeat_at is not None:
        seen = run.heartbeat_at.astimezone(UTC)
        last = f": its last sign of life was at {seen:%Y-%m-%d %H:%M:%S} UTC"
    return (
        f"the run's process ended without a word{last}; start it again if that does not happen by "
        "itself"
    )


def request_stop(
    connection: Connection, tenant_id: UUID, job_run_id: int, actor: str
) -> str | None:
    """Ask a run to stop; a request that waits is canceled at once. Returns the status it had.

    None means that the run had ended, or is not of this tenant.
    """
    row = connection.execute(
        "update app.job_runs as run set stop_requested_by = %(actor)s, "
        "stop_requested_at = clock_timestamp(), "
        "error = case when before.status = 'pending' then 'Stopped by user' end, "
        "finished_at = case when before.status = 'pending' then clock_timestamp() end, "
        "status = case when before.status = 'pending' then 'canceled' else run.status end "
        "from app.job_runs as before "
        "where run.tenant_id = %(tenant)s and run.job_run_id = %(run)s "
        "and before.job_run_id = run.job_run_id and run.status in ('pending', 'running') "
        "returning before.status",
        {"actor": actor, "tenant": tenant_id, "run": job_run_id},
    ).fetchone()
    if row is None:
        return None
    record_event(connection, tenant_id, job_run_id, f"stop asked for by {actor}", level="warning")
    return str(row["status"])


def stop_requested(connection: Connection, tenant_id: UUID, job_run_id: int) -> str | None:
    """Who asked this run to stop, if anybody did."""
    row = connection.execute(
        "select stop_requested_by from app.job_runs where tenant_id = %s and job_run_id = %s",
        [tenant_id, job_run_id],
    ).fetchone()
    return row["stop_requested_by"] if row else None


_LISTED = (
    "job_run_id, job_type, mode, trigger_type, status, first_business_day, business_day, "
    "window_start, window_end, current_step, progress, error, dagster_run_id, requested_by, "
    "stop_requested_by, created_at, started_at, finished_at, not_before, waits_for"
)


def runs_of(
    connection: Connection, tenant_id: UUID, limit: int, statuses: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """A tenant's runs, newest first; of the given statuses only, where any are given."""
    rows = connection.execute(
        f"select {_LISTED} from app.job_runs where tenant_id = %s "  # noqa: S608 - a constant
        "and (%s::text[] = '{}' or status = any(%s)) order by job_run_id desc limit %s",
        [tenant_id, list(statuses), list(statuses), limit],
    )
    return rows.fetchall()


def run_by_id(connection: Connection, job_run_id: int) -> dict[str, Any] | None:
    """A run of any tenant, with its tenant's id and slug."""
    return connection.execute(
        f"select tenant_id, tenant.slug, {_LISTED} from app.job_runs "  # noqa: S608 - a constant
        "join (select tenant_id, slug from app.tenants) as tenant using (tenant_id) "
        "where job_run_id = %s",
        [job_run_id],
    ).fetchone()


def events_of(connection: Connection, tenant_id: UUID, job_run_id: int) -> list[dict[str, Any]]:
    """A run's step log, oldest first."""
    rows = connection.execute(
        "select event_id, level, step, message, metadata, created_at from app.job_run_events "
        "where tenant_id = %s and job_run_id = %s order by event_id",
        [tenant_id, job_run_id],
    )
    return rows.fetchall()
