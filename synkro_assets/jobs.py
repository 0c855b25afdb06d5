"""Jobs: what is materialized together. Names are ``<outcome>_job``.

What lives here: selections. When a job runs is decided by whoever starts it.
"""

from __future__ import annotations

from dagster import AssetSelection, PartitionsDefinition, define_asset_job, in_process_executor
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

DAILY_REPORT = "daily_report_job"
TELEGRAM_DELIVERY = "telegram_delivery_job"
FORCED_REPORT = "forced_report_job"
SUPABASE_EXPORT = "supabase_export_job"
LOGS_CLEANUP = "integration_logs_cleanup_job"
MONTH_PARTITIONS = "month_partitions_job"

_DELIVERY = AssetSelection.groups("delivery")
_EXPORT = AssetSelection.groups("export")


def build(partitions: PartitionsDefinition) -> list[UnresolvedAssetJobDefinition]:
    """The asset jobs over ``partitions``; those of ops are in ``*_ops``.

    In process: a step costs a tenth of a second there and several seconds in a process of its own,
    nearly all of it imports.
    """
    return [
        define_asset_job(
            DAILY_REPORT,
            selection=AssetSelection.all() - _DELIVERY - _EXPORT,
            partitions_def=partitions,
            executor_def=in_process_executor,
            description="One tenant's business day, from the providers to the stored report.",
        ),
        define_asset_job(
            TELEGRAM_DELIVERY,
            selection=_DELIVERY,
            partitions_def=partitions,
            executor_def=in_process_executor,
            description="Sends what the outbox holds of a day's report.",
        ),
        define_asset_job(
            SUPABASE_EXPORT,
            selection=_EXPORT,
            partitions_def=partitions,
            executor_def=in_process_executor,
            description="Brings a day into the tenant's own Supabase project.",
        ),
    ]
