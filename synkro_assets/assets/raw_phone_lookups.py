"""Whose the phones are that no stored lead has: looked up in amoCRM, between raw rows and marts.

What lives here: the Dagster skin. Looking up is ``operations/phone_lookups.py``.

It needs the dialogs of one source and asks the other, so it is no part of either. A lookup that
fails fails no day, so this runs with the models: a day whose raw rows are bad then costs no other.
"""

from collections.abc import Callable

from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    MaterializeResult,
    PartitionsDefinition,
    ResourceParam,
    TableColumn,
    TableSchema,
    asset,
)

from synkro_assets.assets.day_outcomes import Metadata, record_run_days
from synkro_assets.assets.raw_specs import OWNERS, REST_BACKFILL
from synkro_assets.failures import as_dagster_failures
from synkro_assets.operations.day_batches import DayOutcomes
from synkro_assets.operations.phone_lookups import STEP, look_up_days
from synkro_assets.operations.tenant_run import TenantRun

LOOKUPS = AssetKey(["raw", "amocrm_phone_lookups"])

_NEEDED = ("amocrm_contact_channels", "amocrm_lead_contacts", "amocrm_leads", "radist_chats")
_COLUMNS = [
    TableColumn("tenant_id", "uuid", description="the tenant"),
    TableColumn("business_day", "date", description="label of the day whose dialogs have it"),
    TableColumn("phone_e164", "text", description="the phone that no stored lead had"),
    TableColumn(
        "amocrm_contact_ids", "bigint[]", description="who has it in amoCRM; empty for nobody"
    ),
    TableColumn("fetched_at", "timestamp with time zone", description="when amoCRM was asked"),
    TableColumn("run_id", "text", description="Dagster's run that asked"),
]


def build(partitions: PartitionsDefinition) -> AssetsDefinition:
    """The asset over ``partitions``."""

    @asset(
        key=LOOKUPS,
        description="Phones of the day's dialogs that no stored lead has, looked up in amoCRM; "
        "who is found is stored with his leads among the others. None without both sources.",
        group_name="raw_phone_lookups",
        owners=OWNERS,
        kinds={"python", "postgres", "amocrm"},
        partitions_def=partitions,
        backfill_policy=REST_BACKFILL,
        deps=[AssetKey(["raw", name]) for name in _NEEDED],
        metadata={
            "dagster/table_name": "raw.amocrm_phone_lookups",
            "dagster/column_schema": TableSchema(columns=_COLUMNS),
        },
    )
    def amocrm_phone_lookups(
        context: AssetExecutionContext, tenant_run: ResourceParam[TenantRun]
    ) -> MaterializeResult:
        with as_dagster_failures(), tenant_run.step(STEP, progress=35):
            outcomes = looked_up(tenant_run, context.run_id, context.log.info)
            record_run_days(context, tenant_run, outcomes, step=STEP)
        return MaterializeResult()

    return amocrm_phone_lookups


def looked_up(
    tenant_run: TenantRun, run_id: str, on_progress: Callable[[str], None]
) -> DayOutcomes[Metadata]:
    """Look up the run's days; every one of them is done, whatever amoCRM answered."""
    days = look_up_days(tenant_run, run_id, on_progress)
    return DayOutcomes(
        {
            day: {
                LOOKUPS: {
                    "dagster/partition_row_count": each.asked,
                    "known_in_amocrm": each.found,
                    "not_looked_up": each.left,
                }
            }
            for day, each in days.items()
        }
    )
