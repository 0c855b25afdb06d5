"""Sensors: what the daemon looks for every few seconds.

What lives here: each look and what it asks of Dagster. The rules are
``operations/run_supervision.py`` and ``operations/report_delivery.py``.
"""

from collections.abc import Iterator, Mapping, Sequence

from dagster import (
    DagsterInstance,
    DagsterRun,
    DefaultSensorStatus,
    DynamicPartitionsDefinition,
    JobDefinition,
    RunRequest,
    RunsFilter,
    SensorDefinition,
    SensorEvaluationContext,
    SensorResult,
    SkipReason,
    sensor,
)
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from synkro_assets.failures import failure_sentence
from synkro_assets.jobs import DAILY_REPORT, FORCED_REPORT, TELEGRAM_DELIVERY
from synkro_assets.operations.platform import Platform
from synkro_assets.operations.report_delivery import due_deliveries
from synkro_assets.operations.run_supervision import (
    RequestedRun,
    enter_outcome,
    reap,
    requested_runs,
    runs_to_reconcile,
)
from synkro_assets.operations.tenant_config import list_tenants
from synkro_assets.partitions import TENANT_TAG, TENANTS, range_tags, run_tags
from synkro_assets.resources import (
    JOB_RUN_TAG,
    REQUESTED_BY_TAG,
    TRIGGER_TAG,
    WINDOW_END_TAG,
    WINDOW_START_TAG,
)
from synkro_assets.settings import load_settings, platform

Jobs = Mapping[str, UnresolvedAssetJobDefinition | JobDefinition]

_ON = DefaultSensorStatus.RUNNING


def build(jobs: Jobs) -> list[SensorDefinition]:
    """Every sensor, over jobs by name."""
    return [
        _tenant_partitions(),
        _run_requests(jobs),
        _report_delivery(jobs),
        _stuck_runs(),
    ]


def _tenant_partitions() -> SensorDefinition:
    @sensor(
        name="tenant_partitions_sensor",
        minimum_interval_seconds=15,
        default_status=_ON,
        description="Gives every tenant that has none its partition.",
    )
    def tenant_partitions_sensor(context: SensorEvaluationContext) -> SensorResult | SkipReason:
        with platform(load_settings()) as opened:
            slugs = [tenant.slug for tenant in list_tenants(opened) if tenant.status == "active"]
        known = set(context.instance.get_dynamic_partitions(TENANTS))
        missing = [slug for slug in slugs if slug not in known]
        if not missing:
            return SkipReason("every tenant has its partition")
        tenants = DynamicPartitionsDefinition(name=TENANTS)
        return SensorResult(dynamic_partitions_requests=[tenants.build_add_request(missing)])

    return tenant_partitions_sensor


def _run_requests(jobs: Jobs) -> SensorDefinition:
    @sensor(
        name="run_requests_sensor",
        jobs=[jobs[DAILY_REPORT], jobs[FORCED_REPORT]],
        minimum_interval_seconds=3,
        default_status=_ON,
        description="Launches the runs that pending rows of app.job_runs ask for, each once.",
    )
    def run_requests_sensor(context: SensorEvaluationContext) -> Iterator[RunRequest | SkipReason]:
        with platform(load_settings()) as opened:
            requested = requested_runs(opened)
        if not requested:
            yield SkipReason("no run is asked for")
        yield from map(_request, requested)

    return run_requests_sensor


def _request(requested: RequestedRun) -> RunRequest:
    slug, days, window = requested.tenant.slug, requested.days, requested.window
    tags = {
        TENANT_TAG: slug,
        JOB_RUN_TAG: str(requested.job_run_id),
        TRIGGER_TAG: requested.trigger_type,
        REQUESTED_BY_TAG: requested.requested_by,
    }
    if window is not None:
        tags |= {WINDOW_START_TAG: window.start.isoformat(), WINDOW_END_TAG: window.end.isoformat()}
    elif len(days) == 1:
        tags |= run_tags(slug, days[0])
    else:
        tags |= range_tags(slug, days[0], days[-1])
    name = DAILY_REPORT if window is None else FORCED_REPORT
    return RunRequest(run_key=str(requested.job_run_id), job_name=name, tags=tags)


def _report_delivery(jobs: Jobs) -> SensorDefinition:
    @sensor(
        name="report_delivery_sensor",
        job=jobs[TELEGRAM_DELIVERY],
        minimum_interval_seconds=10,
        default_status=_ON,
        description="Sends the reports whose messages wait in the outbox.",
    )
    def report_delivery_sensor(
        context: SensorEvaluationContext,
    ) -> Iterator[RunRequest | SkipReason]:
        with platform(load_settings()) as opened:
            due = due_deliveries(opened)
        if not due:
            yield SkipReason("nothing waits in the outbox")
        for each in due:
            yield RunRequest(run_key=each.key, tags=run_tags(each.slug, each.day))

    return report_delivery_sensor


def _stuck_runs() -> SensorDefinition:
    @sensor(
        name="stuck_run_sensor",
        minimum_interval_seconds=10,
        default_status=_ON,
        description="Marks runs failed whose process is gone, frees their tenants, and brings the "
        "ledger and Dagster to the same answer.",
    )
    def stuck_run_sensor(context: SensorEvaluationContext) -> SkipReason:
        with platform(load_settings()) as opened:
            buried = _reap(opened, context.instance)
            settled = _reconcile(opened, context.instance)
        return SkipReason(f"{buried} runs without a sign of life, {settled} ended unrecorded")

    return stuck_run_sensor


def _reap(opened: Platform, instance: DagsterInstance) -> int:
    """Tell Dagster of the runs whose process is gone."""
    buried = reap(opened)
    for each in buried:
        run = instance.get_run_by_id(each.dagster_run_id) if each.dagster_run_id else None
        if run is not None and not run.is_finished:
            instance.report_run_failed(run, "the run's process is gone: it sent no heartbeat")
    return len(buried)


def _reconcile(opened: Platform, instance: DagsterInstance) -> int:
    """Enter the outcome of runs that Dagster knows to have ended and the ledger does not."""
    settled = 0
    for each in runs_to_reconcile(opened):
        runs = _dagster_runs(instance, each.job_run_id, each.dagster_run_id)
        ended = [run for run in runs if run.is_finished]
        if not runs or len(ended) < len(runs):
            continue
        run = ended[0]
        status = {"SUCCESS": "success", "CANCELED": "canceled"}.get(run.status.value, "failed")
        enter_outcome(opened, each, status, failure_sentence(instance, run.run_id))
        settled += 1
    return settled


def _dagster_runs(
    instance: DagsterInstance, job_run_id: int, dagster_run_id: str | None
) -> Sequence[DagsterRun]:
    """The runs of a ledger row: the one it names, or those that were launched for its request."""
    if dagster_run_id is not None:
        return instance.get_runs(RunsFilter(run_ids=[dagster_run_id]))
    return instance.get_runs(RunsFilter(tags={JOB_RUN_TAG: str(job_run_id)}))
