"""Raw amoCRM tables: one multi-asset, because one pass over the API fills them all.

What lives here: the Dagster skin. Fetching is ``ingestion/amocrm.py``.
"""

from collections.abc import Iterator

from dagster import (
    AssetExecutionContext,
    AssetsDefinition,
    MaterializeResult,
    PartitionsDefinition,
    ResourceParam,
    multi_asset,
)

from synkro_assets.assets.raw_specs import load_day, raw_specs
from synkro_assets.failures import as_dagster_failures
from synkro_assets.ingestion import amocrm
from synkro_assets.operations.provider_clients import amocrm_client
from synkro_assets.operations.tenant_run import TenantRun
from synkro_assets.partitions import split_key
from synkro_assets.storage.raw_rows import AMOCRM_TABLES

_DESCRIPTIONS = {
    "amocrm_accounts": "The amoCRM account: its name and currency, latest state.",
    "amocrm_users": "The people of the account, latest state.",
    "amocrm_pipelines": "Pipelines with their stages, latest state.",
    "amocrm_loss_reasons": "Why deals are lost, latest state.",
    "amocrm_events": "What happened to leads: created, moved, deleted. Replaced per tenant-day.",
    "amocrm_leads": "Every version of a lead that was seen; deletions are versions too.",
    "amocrm_contacts": "Every version of a contact of the day's leads, with phones in E.164.",
    "amocrm_lead_contacts": "Which contact belongs to which lead.",
}


def build(partitions: PartitionsDefinition) -> AssetsDefinition:
    """The multi-asset over ``partitions``."""

    @multi_asset(
        name="raw_amocrm",
        specs=raw_specs("raw_amocrm", AMOCRM_TABLES, _DESCRIPTIONS, partitions, kind="amocrm"),
    )
    def raw_amocrm(
        context: AssetExecutionContext, tenant_run: ResourceParam[TenantRun]
    ) -> Iterator[MaterializeResult]:
        _, day = split_key(context.partition_key)
        with as_dagster_failures(), tenant_run.step("raw/amocrm", progress=5):
            window = tenant_run.plan(day).window
            with amocrm_client(tenant_run.platform, tenant_run.tenant) as client:
                fetched = amocrm.fetch_day(client, window, context.log.info)
            rows = amocrm.raw_rows(fetched, tenant_run.tenant.default_region)
            results = load_day(context, tenant_run, day, AMOCRM_TABLES, rows)
        yield from results

    return raw_amocrm
