"""The day's facts and its report; the report's transaction queues its delivery.

What lives here: the Dagster skin. Computing facts is ``storage/facts.py``, words are ``reporting``.
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
from synkro_assets.operations.daily_report import Delivery, compute_daily_facts, make_daily_report
from synkro_assets.operations.day_batches import each_day
from synkro_assets.operations.tenant_run import TenantRun
from synkro_assets.resources import DELIVER_TAG

FACTS = AssetKey(["reports", "daily_facts"])
REPORT = AssetKey(["reports", "daily_report"])

FACT_SOURCES = (
    "dim_managers", "fct_dialogs", "fct_lead_stage_changes", "fct_leads", "fct_messages",
    "fct_replies", "fct_waiting_dialogs", "rpt_manager_day", "rpt_tenant_day",
)  # fmt: skip


def build(partitions: PartitionsDefinition) -> list[AssetsDefinition]:
    """Both assets over ``partitions``."""
    return [_daily_facts(partitions), _daily_report(partitions)]


def _daily_facts(partitions: PartitionsDefinition) -> AssetsDefinition:
    @asset(
        key=FACTS,
        description="Every number of the day: value, unit and sample size, for the tenant, each "
        "manager and each loss reason. Cached answers of the one fact query.",
        group_name="reports",
        owners=["team:data"],
        kinds={"sql", "postgres"},
        partitions_def=partitions,
        backfill_policy=REST_BACKFILL,
        deps=[
            *(AssetKey(["marts", name]) for name in FACT_SOURCES),
            AssetKey(["intermediate", "int_calendar__day_windows"]),
        ],
        metadata={"dagster/table_name": "app.report_facts"},
    )
    def daily_facts(
        context: AssetExecutionContext, tenant_run: ResourceParam[TenantRun]
    ) -> MaterializeResult:
        step = "reports/daily_facts"

        def compute(day: BusinessDay) -> Metadata:
            found = compute_daily_facts(tenant_run, day)
            return {FACTS: {"dagster/partition_row_count": len(found)}}

        with as_dagster_failures(), tenant_run.step(step, progress=75):
            outcomes = each_day(tenant_run.days, compute)
            record_run_days(context, tenant_run, outcomes, step=step)
        return MaterializeResult()

    return daily_facts


def _daily_report(partitions: PartitionsDefinition) -> AssetsDefinition:
    @asset(
        key=REPORT,
        description="The day's report: facts by code, conclusions by a model that cites facts by "
        "id. Queues its delivery when it is the latest closed day, or when the run is tagged "
        f"{DELIVER_TAG}=yes.",
        group_name="reports",
        owners=["team:data"],
        kinds={"python", "gemini"},
        partitions_def=partitions,
        backfill_policy=REST_BACKFILL,
        deps=[FACTS],
        metadata={"dagster/table_name": "app.reports"},
    )
    def daily_report(
        context: AssetExecutionContext, tenant_run: ResourceParam[TenantRun]
    ) -> MaterializeResult:
        step = "reports/daily_report"
        delivery = Delivery.of_run(context.run_tags.get(DELIVER_TAG), len(tenant_run.days))

        def make(day: BusinessDay) -> Metadata:
            made = make_daily_report(tenant_run, day, delivery, context.log.info)
            return {
                REPORT: {
                    "report_id": str(made.report_id),
                    "status": made.status,
                    "parts_queued": made.parts_queued,
                }
            }

        with as_dagster_failures(), tenant_run.step(step, progress=85):
            record_run_days(context, tenant_run, each_day(tenant_run.days, make), step=step)
        return MaterializeResult()

    return daily_report
