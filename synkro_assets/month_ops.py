"""The op that makes the coming months' partitions.

What lives here: the Dagster skin; like the cleanup it belongs to no tenant and no day. Which months
are made is ``storage/month_partitions.py``, when is ``schedules``.
"""

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
from synkro_assets.operations.platform import Platform
from synkro_assets.storage.month_partitions import make_months_ahead


def build(name: str) -> JobDefinition:
    """The job, by the name it has in Dagit."""

    @op(out=Out(Nothing), description="This month's partitions and those of the next two.")
    def make_month_partitions(
        context: OpExecutionContext, platform: ResourceParam[Platform]
    ) -> None:
        with as_dagster_failures(), platform.database.console_transaction() as connection:
            made = make_months_ahead(connection)
        context.log.info(f"{made} partitions made")
        context.add_output_metadata({"made_partitions": made})

    @job(
        name=name,
        executor_def=in_process_executor,
        description="Makes the monthly partitions of messages and events ahead of their time.",
    )
    def month_partitions_job() -> None:
        make_month_partitions()

    return month_partitions_job
