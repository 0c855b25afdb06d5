"""The day in the tenant's own Supabase project.

What lives here: the Dagster skin. Exporting is ``operations/supabase_export.py``. It is a job of
its own: a project that does not answer costs the day neither its report nor its delivery.
"""

from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    MaterializeResult,
    PartitionsDefinition,
    ResourceParam,
    asset,
)

from synkro_assets.assets.day_outcomes import Metadata, record_run_days
from synkro_assets.assets.raw_specs import REST_BACKFILL
from synkro_assets.domain.business_day import BusinessDay
from synkro_assets.failures import as_dagster_failures
from synkro_assets.operations.supabase_export import STEP, export_days
from synkro_assets.operations.tenant_run import TenantRun

EXPORT = AssetKey(["export", "supabase"])


def build(partitions: PartitionsDefinition) -> AssetsDefinition:
    """The export asset over ``partitions``."""

    @asset(
        key=EXPORT,
        description="The day's leads, contacts, dialogs, messages and reports in the tenant's own "
        "Supabase project, counted there afterwards. Fails for a tenant without one.",
        group_name="export",
        owners=["team:data"],
        kinds={"python", "supabase"},
        partitions_def=partitions,
        backfill_policy=REST_BACKFILL,
        deps=[AssetKey(["reports", "daily_report"])],
        metadata={"dagster/table_name": "app.exports"},
    )
    def supabase(
        context: AssetExecutionContext, tenant_run: ResourceParam[TenantRun]
    ) -> MaterializeResult:
        def described(_: BusinessDay, counts: dict[str, int]) -> Metadata:
            total = {"dagster/partition_row_count": sum(counts.values())}
            return {EXPORT: {**counts, **total}}

        with as_dagster_failures(), tenant_run.step(STEP, progress=10):
            outcomes = export_days(tenant_run).then(described)
            record_run_days(context, tenant_run, outcomes, step=STEP)
        return MaterializeResult()

    return supabase
