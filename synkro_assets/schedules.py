"""Schedules: each tenant's daily report when its time has come, and the daily housekeeping.

What lives here: the ticks. Which days are due is ``operations/due_days.py``.
"""

from collections.abc import Iterator, Sequence

from dagster import (
    DefaultScheduleStatus,
    JobDefinition,
    RunRequest,
    ScheduleDefinition,
    ScheduleEvaluationContext,
    SkipReason,
    schedule,
)
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from synkro_assets.operations.due_days import DueDay, all_due_days
from synkro_assets.partitions import TENANT_TAG, register_tenants, run_tags
from synkro_assets.resources import DELIVER_TAG, REQUESTED_BY_TAG, TRIGGER_TAG
from synkro_assets.settings import load_settings, platform

TICK = "*/5 * * * *"
# Away from the hours after midnight, when many tenants' reports are made.
CLEANUP_TIME = "20 13 * * *"
MONTHS_TIME = "10 13 * * *"


def build(
    daily_report_job: UnresolvedAssetJobDefinition,
    logs_cleanup_job: JobDefinition,
    month_partitions_job: JobDefinition,
) -> list[ScheduleDefinition]:
    """Every schedule."""

    @schedule(
        name="daily_report_schedule",
        job=daily_report_job,
        cron_schedule=TICK,
        execution_timezone="UTC",
        default_status=DefaultScheduleStatus.RUNNING,
        description="Every five minutes: a run for each tenant whose scheduled_run_time has passed "
        "for a closed day without a report; missed days of the last week are caught up on.",
    )
    def daily_report_schedule(
        context: ScheduleEvaluationContext,
    ) -> Iterator[RunRequest | SkipReason]:
        settings = load_settings()
        with platform(settings, "daily_report_schedule") as opened:
            # A simulated clock runs apart from the one that makes this schedule tick.
            is_simulated = settings.clock_url is not None
            now = opened.clock.now() if is_simulated else context.scheduled_execution_time
            due = all_due_days(opened, now)
        register_tenants(context.instance, sorted({each.tenant.slug for each in due}))
        if not due:
            yield SkipReason("no tenant's day is due without a report")
        yield from _requests(due)

    return [
        daily_report_schedule,
        _once_a_day(logs_cleanup_job, CLEANUP_TIME, "old rows of the integration log are deleted."),
        _once_a_day(month_partitions_job, MONTHS_TIME, "the coming months' partitions are made."),
    ]


def _once_a_day(job: JobDefinition, time: str, what: str) -> ScheduleDefinition:
    return ScheduleDefinition(
        name=f"{job.name.removesuffix('_job')}_schedule",
        job=job,
        cron_schedule=time,
        execution_timezone="UTC",
        default_status=DefaultScheduleStatus.RUNNING,
        description=f"Once a day: {what}",
    )


def _requests(due: Sequence[DueDay]) -> Iterator[RunRequest]:
    """One request per day, known by its key: a day that was asked for is not asked for again."""
    for each in sorted(due, key=lambda each: each.due_at):
        tags = run_tags(each.tenant.slug, each.day)
        yield RunRequest(
            run_key=f"daily_report|{tags['dagster/partition']}",
            tags={
                **tags,
                TENANT_TAG: each.tenant.slug,
                TRIGGER_TAG: "schedule",
                REQUESTED_BY_TAG: "daily_report_schedule",
                **({DELIVER_TAG: "yes"} if each.is_newest else {}),
            },
        )
