"""Run requests that wait until a provider answers again: held rows of ``app.job_runs``.

What lives here: holding, putting off, letting go and giving up. Whether an account answers is
``operations/stopped_accounts.py``; launching what is let go is ``run_requests_sensor``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from synkro_assets.domain.tenant import TenantSlug
from synkro_assets.storage.database import Connection, scalar
from synkro_assets.storage.run_ledger import finish_run, record_event


@dataclass(frozen=True, slots=True)
class HeldRun:
    """A request whose account may be tried now."""

    tenant_id: UUID
    slug: TenantSlug
    job_run_id: int
    waits_for: str


def hold_again(
    connection: Connection,
    tenant_id: UUID,
    job_run_id: int,
    kind: str,
    until: datetime,
    now: datetime,
) -> bool:
    """Ask for a run's days once more, not before ``until``; false when somebody did so already.

    Runs of single assets are not asked for: whoever picked them looks at them.
    """
    done = connection.execute(
        "insert into app.job_runs (tenant_id, job_type, mode, trigger_type, first_business_day, "
        "business_day, window_start, window_end, requested_by, created_at, not_before, waits_for, "
        "idempotency_key) "
        "select tenant_id, job_type, mode, trigger_type, first_business_day, business_day, "
        "window_start, window_end, requested_by, %(now)s, %(until)s, %(kind)s, "
        "'after-stop:' || job_run_id from app.job_runs as stopped "
        "where tenant_id = %(tenant)s and job_run_id = %(run)s "
        "and job_type in ('daily_report', 'forced_report') and not exists ("
        "select 1 from app.job_runs as held where held.tenant_id = stopped.tenant_id "
        "and held.status = 'pending' and held.waits_for = %(kind)s "
        "and held.job_type = stopped.job_type and held.window_start = stopped.window_start "
        "and held.window_end = stopped.window_end) "
        "on conflict (tenant_id, idempotency_key) do nothing",
        {"tenant": tenant_id, "run": job_run_id, "kind": kind, "until": until, "now": now},
    )  # fmt: skip
    return done.rowcount == 1


def runs_to_try(connection: Connection, now: datetime) -> list[HeldRun]:
    """The requests whose time has come, oldest first.

    Those of a tenant that is not active stay held, and scheduled ones while the schedule is off.
    """
    rows = connection.execute(
        "select run.tenant_id, tenant.slug, run.job_run_id, run.waits_for "
        "from app.job_runs as run join app.tenants as tenant using (tenant_id) "
        "join app.tenant_runtime_configs as config using (tenant_id) "
        "where run.status = 'pending' and run.not_before <= %s and tenant.status = 'active' "
        "and (run.trigger_type <> 'schedule' or config.is_schedule_enabled) "
        "order by run.created_at, run.job_run_id",
        [now],
    )
    return [HeldRun(**row) for row in rows]


def put_off(connection: Connection, held: HeldRun, until: datetime) -> None:
    """Keep holding a request: its account still refuses everything."""
    connection.execute(
        "update app.job_runs set not_before = %s "
        "where tenant_id = %s and job_run_id = %s and status = 'pending'",
        [until, held.tenant_id, held.job_run_id],
    )


def let_go(connection: Connection, held: HeldRun) -> None:
    """Let a request be launched."""
    connection.execute(
        "update app.job_runs set not_before = null "
        "where tenant_id = %s and job_run_id = %s and status = 'pending'",
        [held.tenant_id, held.job_run_id],
    )


def give_up(connection: Connection, asked_before: datetime, reason: str) -> int:
    """End the requests that have been held since before then; returns how many."""
    rows = connection.execute(
        "select tenant_id, job_run_id from app.job_runs "
        "where status = 'pending' and not_before is not null and created_at < %s",
        [asked_before],
    ).fetchall()
    for row in rows:
        finish_run(connection, row["tenant_id"], row["job_run_id"], "failed", reason)
        record_event(connection, row["tenant_id"], row["job_run_id"], reason, level="error")
    return len(rows)


def count_held(connection: Connection, tenant_id: UUID, kind: str) -> int:
    """How many requests of a tenant wait for an account of a kind."""
    row = connection.execute(
        "select count(*) as waiting from app.job_runs where tenant_id = %s and waits_for = %s "
        "and status = 'pending' and not_before is not null",
        [tenant_id, kind],
    ).fetchone()
    return int(scalar(row))
