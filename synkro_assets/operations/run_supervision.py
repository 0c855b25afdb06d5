"""Looking after runs: what waits in the ledger, what fell silent, what must be told to whom.

What lives here: the rules, without Dagster. The rows are ``storage/run_supervision.py``; launching
and telling Dagster is ``sensors``; asking a run to stop from a terminal is here too.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from synkro_assets.domain.business_day import BusinessDay, Window, days_between
from synkro_assets.domain.errors import SynkroError, UsageProblem, WorkFailed
from synkro_assets.domain.tenant import Tenant
from synkro_assets.operations.forced_window import require_allowed
from synkro_assets.operations.platform import Platform
from synkro_assets.operations.tenant_config import find_tenant
from synkro_assets.operations.tenant_run import STOPPED, require_closed
from synkro_assets.storage.run_ledger import finish_run, record_event
from synkro_assets.storage.run_supervision import (
    PendingRequest,
    UnfinishedRun,
    bury_run,
    bury_silent_runs,
    living_runs,
    pending_requests,
    request_stop,
    requests_stopped_within,
    run_by_id,
    silence,
    unsettled_runs,
)

MAX_REQUESTS_PER_LOOK = 50
STOP_SECONDS = 10.0
STOP_POLL_SECONDS = 0.5

# Two heartbeats: a run that Dagster calls ended may still be entering its own outcome.
SETTLING_SECONDS = 10.0

# By then a run that was launched for a request before it was taken back has long been canceled.
STOPPED_LATELY_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class RequestedRun:
    """What a pending row asks for: days, or the window of a forced report.

    ``waits_for`` is the integration whose stop held it back.
    """

    job_run_id: int
    tenant: Tenant
    trigger_type: str
    requested_by: str
    days: list[BusinessDay]
    window: Window | None
    waits_for: str | None = None


def requested_runs(platform: Platform) -> list[RequestedRun]:
    """The runs that pending rows ask for; a row that cannot be run is marked failed, saying why."""
    with platform.database.console_transaction() as connection:
        waiting = pending_requests(connection, MAX_REQUESTS_PER_LOOK)
    found = []
    for request in waiting:
        try:
            found.append(_understood(platform, request))
        except SynkroError as problem:
            refuse_request(platform, request, str(problem))
    return found


def _understood(platform: Platform, request: PendingRequest) -> RequestedRun:
    tenant = find_tenant(platform, request.slug)
    now = platform.clock.now()
    window = _window(request)
    asked = (request.job_run_id, tenant, request.trigger_type, request.requested_by)
    kind = request.job_type.removesuffix("_job")
    if kind == "forced_report":
        if window is None:
            raise UsageProblem("a forced report needs window_start and window_end")
        require_allowed(tenant, window, now)
        return RequestedRun(*asked, [], window)
    if kind != "daily_report":
        raise UsageProblem(
            f"unknown job_type {request.job_type!r}: there are daily_report and forced_report"
        )
    days = _days(tenant, request, window, now)
    require_closed(tenant, days, now)
    return RequestedRun(*asked, days, None, request.waits_for)


def _window(request: PendingRequest) -> Window | None:
    if request.window_start is None or request.window_end is None:
        return None
    return Window(request.window_start, request.window_end)


def _days(
    tenant: Tenant, request: PendingRequest, window: Window | None, now: datetime
) -> list[BusinessDay]:
    """The named days, else those whose windows the row's window spans, else the latest closed."""
    calendar = tenant.config.calendar
    if request.business_day is not None:
        last = BusinessDay(request.business_day)
        return days_between(BusinessDay(request.first_business_day or last), last)
    if window is None:
        return [calendar.latest_closed(now)]
    days = days_between(
        calendar.label(window.start), calendar.label(window.end - timedelta(microseconds=1))
    )
    spanned = Window(calendar.window(days[0]).start, calendar.window(days[-1]).end)
    if spanned != window:
        raise UsageProblem(
            "the window is not that of whole business days: ask for a forced_report, or name the "
            "business_day"
        )
    return days


def refuse_request(platform: Platform, request: PendingRequest, reason: str) -> None:
    """Mark a pending row failed with the reason in plain words."""
    with platform.database.tenant_transaction(request.tenant_id) as connection:
        finish_run(connection, request.tenant_id, request.job_run_id, "failed", reason)
        record_event(
            connection, request.tenant_id, request.job_run_id, reason, level="error"
        )  # fmt: skip


def reap(platform: Platform) -> list[UnfinishedRun]:
    """Mark runs without a sign of life failed and free their claims; returns them."""
    with platform.database.console_transaction() as connection:
        return bury_silent_runs(connection)


def runs_to_reconcile(platform: Platform) -> list[UnfinishedRun]:
    """Runs and requests of which Dagster may know by now that they ended."""
    with platform.database.console_transaction() as connection:
        return unsettled_runs(connection, SETTLING_SECONDS)


def enter_outcome(platform: Platform, run: UnfinishedRun, status: str, reason: str | None) -> None:
    """Enter how a run ended that did not do so itself; without a reason it fell silent."""
    error = {"success": None, "canceled": STOPPED}.get(status, reason or silence(run))
    with platform.database.tenant_transaction(run.tenant_id) as connection:
        bury_run(connection, run, error, status)


def note_retry(platform: Platform, run: UnfinishedRun) -> None:
    """Say in a crashed run's step log that nobody needs to start it again."""
    with platform.database.tenant_transaction(run.tenant_id) as connection:
        record_event(
            connection, run.tenant_id, run.job_run_id, "the run is started once more by itself"
        )


def stopped_requests(platform: Platform) -> list[int]:
    """Requests that were taken back lately; a run may have been launched for them already."""
    with platform.database.console_transaction() as connection:
        return requests_stopped_within(connection, STOPPED_LATELY_SECONDS)


def living_dagster_runs(
    platform: Platform, dagster_run_ids: Sequence[str], quiet_seconds: float
) -> set[str]:
    """Those of some Dagster runs which the ledger takes for running, or did until just now."""
    with platform.database.console_transaction() as connection:
        return living_runs(connection, dagster_run_ids, quiet_seconds)


def stop_run(platform: Platform, job_run_id: int, actor: str) -> Mapping[str, Any]:
    """Stop a run and wait until it is gone; returns its row of the ledger.

    Raises UsageProblem for a run that has ended or never was, WorkFailed when it is still there
    after ``STOP_SECONDS``.
    """
    row = run_of_ledger(platform, job_run_id)
    with platform.database.tenant_transaction(row["tenant_id"]) as connection:
        before = request_stop(connection, row["tenant_id"], job_run_id, actor)
    if before is None:
        raise UsageProblem(f"run {job_run_id} is not running: it is {row['status']}")
    deadline = time.monotonic() + STOP_SECONDS
    while (row := run_of_ledger(platform, job_run_id))["status"] in {"pending", "running"}:
        if time.monotonic() > deadline:
            raise WorkFailed(
                f"run {job_run_id} was asked to stop and is still running after "
                f"{STOP_SECONDS:.0f} s; it stops as soon as its process looks, or is marked failed "
                "when the process is gone"
            )
        time.sleep(STOP_POLL_SECONDS)
    return row


def run_of_ledger(platform: Platform, job_run_id: int) -> dict[str, Any]:
    """A run's row; raises UsageProblem when there is none."""
    with platform.database.console_transaction() as connection:
        row = run_by_id(connection, job_run_id)
    if row is None:
        raise UsageProblem(f"there is no run {job_run_id}: 'synkro runs list SLUG' shows them")
    return row
