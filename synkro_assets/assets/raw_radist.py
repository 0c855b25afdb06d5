"""Raw Radist tables: one multi-asset, because messages are read by the chats that have them.

What lives here: the Dagster skin. Fetching is ``ingestion/radist.py``.
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
from synkro_assets.ingestion import radist
from synkro_assets.operations.provider_clients import radist_client
from synkro_assets.operations.tenant_run import TenantRun
from synkro_assets.partitions import split_key
from synkro_assets.providers.radist import parse_time
from synkro_assets.storage.raw_rows import RADIST_TABLES

_DESCRIPTIONS = {
    "radist_chats": "Chats with a message in the day's window and who is behind them.",
    "radist_messages": "Every message of the day's window. Replaced per tenant-day.",
}


def build(partitions: PartitionsDefinition) -> AssetsDefinition:
    """The multi-asset over ``partitions``."""

    @multi_asset(
        name="raw_radist",
        specs=raw_specs("raw_radist", RADIST_TABLES, _DESCRIPTIONS, partitions, kind="radist"),
    )
    def raw_radist(
        context: AssetExecutionContext, tenant_run: ResourceParam[TenantRun]
    ) -> Iterator[MaterializeResult]:
        _, day = split_key(context.partition_key)
        with as_dagster_failures(), tenant_run.step("raw/radist", progress=20):
            window, config = tenant_run.plan(day).window, tenant_run.tenant.config
            limits = radist.Limits(
                contact_pages=config.max_radist_contact_pages,
                message_pages=config.max_radist_message_pages,
            )
            with radist_client(tenant_run.platform, tenant_run.tenant) as client:
                fetched = radist.fetch_day(client, window, limits, parse_time, context.log.info)
            rows = radist.raw_rows(fetched, tenant_run.tenant.default_region, parse_time)
            results = load_day(context, tenant_run, day, RADIST_TABLES, rows)
        yield from results

    return raw_radist
