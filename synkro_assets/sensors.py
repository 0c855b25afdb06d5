"""Sensors: what the daemon looks for every few seconds.

What lives here: each look and what it asks of Dagster. The rules are
``operations/run_supervision.py`` and ``operations/report_delivery.py``. What is asked of the ledger
is launched by ``run_request_sensors``.
"""

import json
import time
from collections.abc import Iterator, Mapping, Sequence

from dagster import (
    DagsterInstance,
    DagsterRun,
    DagsterRunStatus,
    DefaultSensorStatus,
    DynamicPartitionsDefinition,
    JobDefinition,
    RunRecord,
    RunRequest,
    RunsFilter,
    SensorDefinition,
    SensorEvaluationContext,
    SensorResult,
    SkipReason,
    sensor,
)
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition
from dagster._core.errors import DagsterUserCodeUnreachableError
from dagster._core.storage.dagster_run import CANCELABLE_RUN_STATUSES
from dagster._core.storage.tags import GRPC_INFO_TAG, WILL_RETRY_TAG
from dagster._grpc.client import DagsterGrpcClient
from dagster._grpc.types import CanCancelExecutionRequest, CanCancelExecutionResult
from dagster._serdes import deserialize_value

from synkro_assets.failures import failure_sentence
from synkro_assets.jobs import TELEGRAM_DELIVERY
from synkro_assets.operations.platform import Platform
from synkro_assets.operations.report_delivery import due_deliveries
from synkro_assets.operations.run_supervision import (
    enter_outcome,
    living_dagster_runs,
    note_retry,
    reap,
    runs_to_reconcile,
    stopped_requests,
)
from synkro_assets.operations.tenant_config import list_tenants
from synkro_assets.partitions import TENANTS, run_tags
from synkro_assets.resources import JOB_RUN_TAG
from synkro_assets.settings import load_settings, platform
from synkro_assets.storage.run_supervision import UnfinishedRun

Jobs = Mapping[str, UnresolvedAssetJobDefinition | JobDefinition]

_ON = DefaultSensorStatus.RUNNING

# A run enters the ledger within seconds of its start; one that waits for the tenant's claim is
# known to its code server.
UNKNOWN_SECONDS = 60
# A delivery that a command does in its own process is in neither, and takes minutes at most.
IN_PROCESS_SECONDS = 900

# What Dagster says when it finds a run's process dead: nothing that helps a person.
_FOUND_DEAD = "This run has been marked as failed from outside the execution context."


def build(jobs: Jobs) -> list[SensorDefinition]:
    """Every sensor, over jobs by name."""
    return [
        _tenant_partitions(),
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
        with platform(load_settings(), "tenant_partitions_sensor") as opened:
            slugs = [tenant.slug for tenant in list_tenants(opened) if tenant.status == "active"]
        known = set(context.instance.get_dynamic_partitions(TENANTS))
        missing = [slug for slug in slugs if slug not in known]
        if not missing:
            return SkipReason("every tenant has its partition")
        tenants = DynamicPartitionsDefinition(name=TENANTS)
        return SensorResult(dynamic_partitions_requests=[tenants.build_add_request(missing)])

    return tenant_partitions_sensor


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
        with platform(load_settings(), "report_delivery_sensor") as opened:
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
        with platform(load_settings(), "stuck_run_sensor") as opened:
            buried = _reap(opened, context.instance)
            settled = _reconcile(opened, context.instance)
            _cancel_stopped(opened, context.instance)
            lost = _bury_unknown(opened, context.instance)
        return SkipReason(
            f"{buried} runs without a sign of life, {settled} ended unrecorded, {lost} of nobody's"
        )

    return stuck_run_sensor


def _reap(opened: Platform, instance: DagsterInstance) -> int:
    """Tell Dagster of the runs whose process is gone."""
    buried = reap(opened)
    for each in buried:
        run = instance.get_run_by_id(each.dagster_run_id) if each.dagster_run_id else None
        if run is not None and not run.is_finished:
            instance.report_run_failed(run, "the run's process is gone: it sent no heartbeat")
            _tell_of_retry(opened, instance, each, run.run_id)
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
        said = failure_sentence(instance, run.run_id)
        enter_outcome(opened, each, status, None if said == _FOUND_DEAD else said)
        _tell_of_retry(opened, instance, each, run.run_id)
        settled += 1
    return settled


def _tell_of_retry(
    opened: Platform, instance: DagsterInstance, each: UnfinishedRun, run_id: str
) -> None:
    """Dagster says of a failed run at once whether its daemon will start it again."""
    run = instance.get_run_by_id(run_id)
    if run is not None and run.is_failure and run.tags.get(WILL_RETRY_TAG) == "true":
        note_retry(opened, each)


def _cancel_stopped(opened: Platform, instance: DagsterInstance) -> None:
    """Take back the runs that were launched for requests which somebody stopped meanwhile."""
    stopped = [str(each) for each in stopped_requests(opened)]
    if not stopped or instance.run_coordinator is None:
        return
    tags = {JOB_RUN_TAG: stopped}
    for run in instance.get_runs(RunsFilter(tags=tags, statuses=CANCELABLE_RUN_STATUSES)):
        instance.run_coordinator.cancel_run(run.run_id)


def _bury_unknown(opened: Platform, instance: DagsterInstance) -> int:
    """Tell Dagster of started runs whose process died where the ledger could not see it.

    Such runs would count against Dagster's limits for ever, and keep their tenant's next runs in
    the queue: those that died before they entered the ledger, deliveries, and runs that another
    start found silent before the reaper did.
    """
    started = instance.get_run_records(RunsFilter(statuses=[DagsterRunStatus.STARTED]))
    old = [each for each in started if _age(each) > UNKNOWN_SECONDS]
    living = living_dagster_runs(opened, [each.dagster_run.run_id for each in old], UNKNOWN_SECONDS)
    lost = 0
    for each in old:
        run = each.dagster_run
        if run.run_id in living or _is_at_work(each):
            continue
        instance.report_run_failed(run, "the run's process is gone")
        lost += 1
    return lost


def _age(record: RunRecord) -> float:
    return time.time() - (record.start_time or time.time())


def _is_at_work(record: RunRecord) -> bool:
    """Whether the code server that launched a run has its process; others get their time."""
    launched_by = record.dagster_run.tags.get(GRPC_INFO_TAG)
    if launched_by is None:
        return _age(record) < IN_PROCESS_SECONDS
    server = json.loads(launched_by)
    client = DagsterGrpcClient(
        port=server.get("port"), socket=server.get("socket"), host=server.get("host")
    )
    question = CanCancelExecutionRequest(run_id=record.dagster_run.run_id)
    try:
        answer = client.can_cancel_execution(question)
    except DagsterUserCodeUnreachableError:
        return False
    return deserialize_value(answer, CanCancelExecutionResult).can_cancel


def _dagster_runs(
    instance: DagsterInstance, job_run_id: int, dagster_run_id: str | None
) -> Sequence[DagsterRun]:
    """The runs of a ledger row: the one it names, or those that were launched for its request."""
    if dagster_run_id is not None:
        return instance.get_runs(RunsFilter(run_ids=[dagster_run_id]))
    return instance.get_runs(RunsFilter(tags={JOB_RUN_TAG: str(job_run_id)}))
