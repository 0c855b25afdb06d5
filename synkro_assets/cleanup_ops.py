"""The op that lets go of old rows of the integration log.

What lives here: the Dagster skin; it is an op and no asset, since it makes nothing, and it belongs
to no tenant and no day. What is deleted is ``operations/log_cleanup.py``, when is ``schedules``.
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
from synkro_assets.operations.log_cleanup import clean_up_integration_logs
from synkro_assets.operations.platform import Platform


def build(name: str) -> JobDefinition:
    """The job, by the name it has in Dagit."""

    @op(out=Out(Nothing), description="Successes older than 90 days, everything older than 180.")
    def delete_old_integration_logs(
        context: OpExecutionContext, platform: ResourceParam[Platform]
    ) -> None:
        with as_dagster_failures():
            deleted = clean_up_integration_logs(platform, context.log.info)
        context.add_output_metadata({"deleted_rows": deleted})

    @job(
        name=name,
        executor_def=in_process_executor,
        description="Deletes old rows of public.integration_logs in batches, each on its own.",
    )
    def integration_logs_cleanup_job() -> None:
        delete_old_integration_logs()

    return integration_logs_cleanup_job
