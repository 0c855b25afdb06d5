"""Dagster's resources: thin, without configuration, handing back plain objects.

What lives here: how a run gets its platform and its claim on a tenant. They carry no values of
their own, so that no URL or key shows in Dagit; ``settings`` is read when a run begins.
"""

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, timedelta
from functools import partial
from typing import Any

from dagster import (
    ConfigurableResource,
    DagsterRun,
    DagsterRunStatus,
    InitResourceContext,
    ResourceDependency,
)
from dagster._core.errors import DagsterExecutionInterruptedError
from dagster._core.events import DagsterEventType
from dagster._core.storage.tags import (
    BACKFILL_ID_TAG,
    MAX_RETRIES_TAG,
    SCHEDULE_NAME_TAG,
    SENSOR_NAME_TAG,
)

from synkro_assets.domain.business_day import Window, parse_instant
from synkro_assets.domain.errors import SynkroError
from synkro_assets.domain.tenant import Tenant, parse_slug
from synkro_assets.failures import as_dagster_failures, failure_sentence
from synkro_assets.operations.forced_window import require_allowed, touched_days
from synkro_assets.operations.platform import Platform
from synkro_assets.operations.run_supervision import run_of_ledger
from synkro_assets.operations.tenant_config import find_tenant
from synkro_assets.operations.tenant_run import STOPPED, RunOrder, TenantRun, begin_run
from synkro_assets.partitions import TENANT_TAG, keys_of_run
from synkro_assets.settings import load_settings, platform

REQUESTED_BY_TAG = "synkro/requested_by"
TRIGGER_TAG = "synkro/trigger"
DELIVER_TAG = "synkro/deliver"
JOB_RUN_TAG = "synkro/job_run_id"
WAITS_TAG = "synkro/waits"
WINDOW_START_TAG = "synkro/window_start"
WINDOW_END_TAG = "synkro/window_end"

# Longer than any tenant-day takes; a backfill of months is waited for in vain and says so.
PATIENCE = timedelta(minutes=30)

_JOB_TYPES = {
    "daily_report_job": "daily_report",
    "forced_report_job": "forced_report",
    "supabase_export_job": "supabase_export",
}


class PlatformResource(ConfigurableResource[Platform]):
    """The database, key ring and clock of this installation, in the name of who asked."""

    @contextmanager
    def yield_for_execution(self, context: InitResourceContext) -> Generator[Any, None, None]:
        asked_by = requested_by(context.run.tags) if context.run else None
        with as_dagster_failures(), platform(load_settings(), asked_by) as opened:
            yield opened


class TenantRunResource(ConfigurableResource[TenantRun]):
    """The claim on the run's tenant, held from the run's first step to its last."""

    platform: ResourceDependency[Platform]

    @contextmanager
    def yield_for_execution(self, context: InitResourceContext) -> Generator[Any, None, None]:
        run = context.run
        assert run is not None
        with as_dagster_failures(), _never_retried(context):
            opened = self.platform
            tenant, order = order_of(opened, run)
            with _canceled_if_taken_back(context, opened, order.job_run_id):
                tenant_run = begin_run(opened, tenant, order, on_wait=_said_by(context))
        tenant_run.on_stop = partial(_tell_of_stop, context)
        try:
            yield tenant_run
        finally:
            tenant_run.close(*_outcome(context, tenant_run))


def requested_by(tags: Mapping[str, str]) -> str:
    """Who asked for a run: whom it names, else the sensor or schedule, else somebody in Dagit."""
    named = (REQUESTED_BY_TAG, SENSOR_NAME_TAG, SCHEDULE_NAME_TAG)
    return next((tags[name] for name in named if name in tags), "dagit")


def order_of(opened: Platform, run: DagsterRun) -> tuple[Tenant, RunOrder]:
    """What a Dagster run is to do, by its tags; raises UsageProblem when they name no work."""
    window = _window_of(run.tags)
    if window is None:
        slug, days = keys_of_run(run.tags)
        tenant = find_tenant(opened, slug)
    else:
        tenant = find_tenant(opened, parse_slug(run.tags.get(TENANT_TAG, "")))
        # It may have waited in the queue, and then for its tenant.
        require_allowed(tenant, window, opened.clock.now(), grace=2 * PATIENCE)
        days = touched_days(tenant, window)
    # A run that repeats another is a run of its own: the request was taken by the first.
    asked_by = run.tags.get(JOB_RUN_TAG) if run.parent_run_id is None else None
    trigger = "backfill" if BACKFILL_ID_TAG in run.tags else "manual"
    return tenant, RunOrder(
        days=days,
        job_type=_JOB_TYPES.get(run.job_name, "materialization"),
        trigger_type=run.tags.get(TRIGGER_TAG, trigger),
        requested_by=requested_by(run.tags),
        dagster_run_id=run.run_id,
        window=window,
        covers_open_days=window is not None,
        patience=timedelta(0) if run.tags.get(WAITS_TAG) == "no" else PATIENCE,
        job_run_id=int(asked_by) if asked_by is not None else None,
    )


def _window_of(tags: Mapping[str, str]) -> Window | None:
    """The window of a forced report, by the run's tags."""
    start, end = tags.get(WINDOW_START_TAG), tags.get(WINDOW_END_TAG)
    if start is None or end is None:
        return None
    return Window(parse_instant(start, UTC), parse_instant(end, UTC))


@contextmanager
def _never_retried(context: InitResourceContext) -> Generator[None, None, None]:
    """A refused start is no crash: Dagster is told not to start the run again by itself."""
    try:
        yield
    except SynkroError:
        if context.instance is not None and context.run is not None:
            context.instance.add_run_tags(context.run.run_id, {MAX_RETRIES_TAG: "0"})
        raise


@contextmanager
def _canceled_if_taken_back(
    context: InitResourceContext, opened: Platform, job_run_id: int | None
) -> Generator[None, None, None]:
    """A start that is refused because somebody stopped its request meanwhile is no failure."""
    try:
        yield
    except SynkroError:
        if job_run_id is None or run_of_ledger(opened, job_run_id)["status"] != "canceled":
            raise
        _tell_of_stop(context)
        raise DagsterExecutionInterruptedError(STOPPED) from None


def _tell_of_stop(context: InitResourceContext) -> None:
    """Dagster takes an interruption for a failure unless it knows that somebody asked for it."""
    if context.instance is not None and context.run is not None:
        context.instance.report_run_canceling(context.run, STOPPED)


def _said_by(context: InitResourceContext) -> Callable[[str], None]:
    def say(message: str) -> None:
        if context.log is not None:
            context.log.info(message)

    return say


def _outcome(context: InitResourceContext, tenant_run: TenantRun) -> tuple[str, str | None]:
    """How the run ended, by Dagster's own log of its steps."""
    instance, run = context.instance, context.run
    assert instance is not None
    assert run is not None
    ended = {
        kind: {
            record.dagster_event.step_key
            for record in instance.all_logs(run.run_id, of_type=kind)
            if record.dagster_event
        }
        for kind in (DagsterEventType.STEP_SUCCESS, DagsterEventType.STEP_FAILURE)
    }
    if tenant_run.stopped_by is not None:
        tenant_run.log(f"stopped by {tenant_run.stopped_by}", level="warning")
        return "canceled", STOPPED
    now = instance.get_run_by_id(run.run_id)
    if now is not None and now.status is DagsterRunStatus.CANCELING:
        # Somebody pressed Terminate in Dagit.
        return "canceled", STOPPED
    if ended[DagsterEventType.STEP_FAILURE] or tenant_run.failure:
        return "failed", tenant_run.failure or failure_sentence(instance, run.run_id)
    assert run.execution_plan_snapshot_id is not None
    plan = instance.get_execution_plan_snapshot(run.execution_plan_snapshot_id)
    if set(plan.step_keys_to_execute) <= ended[DagsterEventType.STEP_SUCCESS]:
        return "success", None
    return "canceled", "the run ended before all its steps ran"
