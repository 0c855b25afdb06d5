"""The sensors that launch what the ledger asks for, and try the accounts that requests wait for.

What lives here: the looks and what they ask of Dagster. Which rows may run is
``operations/run_supervision.py``, which accounts answer ``operations/stopped_accounts.py``; the
other sensors are ``sensors``.
"""

from collections.abc import Iterator, Mapping

from dagster import (
    DefaultSensorStatus,
    JobDefinition,
    RunRequest,
    SensorDefinition,
    SensorEvaluationContext,
    SkipReason,
    sensor,
)
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from synkro_assets.jobs import DAILY_REPORT, FORCED_REPORT
from synkro_assets.operations.run_supervision import RequestedRun, requested_runs
from synkro_assets.operations.stopped_accounts import try_again
from synkro_assets.partitions import TENANT_TAG, range_tags, run_tags
from synkro_assets.resources import (
    DELIVER_TAG,
    JOB_RUN_TAG,
    REQUESTED_BY_TAG,
    TRIGGER_TAG,
    WINDOW_END_TAG,
    WINDOW_START_TAG,
)
from synkro_assets.settings import load_settings, platform

Jobs = Mapping[str, UnresolvedAssetJobDefinition | JobDefinition]

_ON = DefaultSensorStatus.RUNNING

# Whoever started these may have wished the report unsent, and no longer waits for it.
_STARTED_BY_PEOPLE = ("manual", "backfill")


def build(jobs: Jobs) -> list[SensorDefinition]:
    """Both sensors, over jobs by name."""
    return [_run_requests(jobs), _stopped_accounts()]


def _run_requests(jobs: Jobs) -> SensorDefinition:
    @sensor(
        name="run_requests_sensor",
        jobs=[jobs[DAILY_REPORT], jobs[FORCED_REPORT]],
        minimum_interval_seconds=3,
        default_status=_ON,
        description="Launches the runs that pending rows of app.job_runs ask for, each once.",
    )
    def run_requests_sensor(context: SensorEvaluationContext) -> Iterator[RunRequest | SkipReason]:
        with platform(load_settings(), "run_requests_sensor") as opened:
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
    if requested.waits_for is not None and requested.trigger_type in _STARTED_BY_PEOPLE:
        tags[DELIVER_TAG] = "no"
    if window is not None:
        tags |= {WINDOW_START_TAG: window.start.isoformat(), WINDOW_END_TAG: window.end.isoformat()}
    elif len(days) == 1:
        tags |= run_tags(slug, days[0])
    else:
        tags |= range_tags(slug, days[0], days[-1])
    name = DAILY_REPORT if window is None else FORCED_REPORT
    return RunRequest(run_key=str(requested.job_run_id), job_name=name, tags=tags)


def _stopped_accounts() -> SensorDefinition:
    @sensor(
        name="stopped_accounts_sensor",
        minimum_interval_seconds=30,
        default_status=_ON,
        description="Tries accounts that refused everything once their pause is over, and lets the "
        "runs that wait for them go.",
    )
    def stopped_accounts_sensor(context: SensorEvaluationContext) -> SkipReason:
        with platform(load_settings(), "stopped_accounts_sensor") as opened:
            look = try_again(opened)
        return SkipReason(
            f"{look.let_go} runs let go, {look.put_off} put off, {look.given_up} given up"
        )

    return stopped_accounts_sensor
