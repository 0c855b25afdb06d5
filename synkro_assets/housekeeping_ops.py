"""The ops that keep the platform's own house: they make nothing, of no tenant and no day.

What lives here: the Dagster skin of both jobs. What is deleted is ``operations/log_cleanup.py``,
which months are made ``storage/month_partitions.py``, when either is done ``schedules``.
"""

from collections.abc import Callable

from dagster import (
    JobDefinition,
    Nothing,
    OpExecutionContext,
    Out,
    ResourceParam,
    in_process_executor,
    job,
    op,
)

from synkro_assets.failures import as_dagster_failures
from synkro_assets.operations.log_cleanup import clean_up_integration_logs
from synkro_assets.operations.platform import Platform
from synkro_assets.storage.month_partitions import make_months_ahead

_Say = Callable[[str], None]


def integration_logs_cleanup(name: str) -> JobDefinition:
    """The job that deletes old rows of the integration log, by the name it has in Dagit."""

    @op(out=Out(Nothing), description="Successes older than 90 days, everything older than 180.")
    def delete_old_integration_logs(
        context: OpExecutionContext, platform: ResourceParam[Platform]
    ) -> None:
        _do(context, platform, clean_up_integration_logs, "deleted_rows")

    return _of_one_op(
        name,
        delete_old_integration_logs,
        "Deletes old rows of public.integration_logs in batches, each on its own.",
    )


def month_partitions(name: str) -> JobDefinition:
    """The job that makes the coming months' partitions, by the name it has in Dagit."""

    @op(out=Out(Nothing), description="This month's partitions and those of the next two.")
    def make_month_partitions(
        context: OpExecutionContext, platform: ResourceParam[Platform]
    ) -> None:
        _do(context, platform, _make_months, "made_partitions")

    return _of_one_op(
        name,
        make_month_partitions,
        "Makes the monthly partitions of messages and events ahead of their time.",
    )


def _of_one_op(name: str, work: Callable[[], None], description: str) -> JobDefinition:
    @job(name=name, executor_def=in_process_executor, description=description)
    def housekeeping_job() -> None:
        work()

    return housekeeping_job


def _do(
    context: OpExecutionContext,
    platform: Platform,
    work: Callable[[Platform, _Say], int],
    counted: str,
) -> None:
    with as_dagster_failures():
        count = work(platform, context.log.info)
    context.add_output_metadata({counted: count})


def _make_months(platform: Platform, say: _Say) -> int:
    with platform.database.console_transaction() as connection:
        made = make_months_ahead(connection)
    say(f"{made} partitions made")
    return made
