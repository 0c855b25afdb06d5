"""Raw Radist tables: one multi-asset, because messages are read by the chats that have them.

What lives here: the Dagster skin. Fetching is ``ingestion/radist.py``.
"""

from collections.abc import Callable, Iterator
from functools import partial

from dagster import (
    AssetExecutionContext,
    AssetsDefinition,
    MaterializeResult,
    PartitionsDefinition,
    ResourceParam,
    multi_asset,
)

from synkro_assets.assets.radist_remainder import remainder, require_whole, stored_before
from synkro_assets.assets.raw_specs import (
    RAW_BACKFILL,
    DayShare,
    Source,
    materialize_days,
    raw_specs,
)
from synkro_assets.domain.business_day import BusinessDay
from synkro_assets.failures import as_dagster_failures
from synkro_assets.ingestion import radist
from synkro_assets.ingestion.days import Windows, radist_days, span
from synkro_assets.ingestion.packing import Put
from synkro_assets.ingestion.quarantine import Quarantine
from synkro_assets.operations.provider_clients import radist_client
from synkro_assets.operations.tenant_run import TenantRun
from synkro_assets.providers.radist import parse_time
from synkro_assets.storage.raw_rows import RADIST_TABLES

_DESCRIPTIONS = {
    "radist_chats": "Chats with a message in the day's window and who is behind them.",
    "radist_messages": "Every message of the day's window. Replaced chat by chat.",
}


def build(partitions: PartitionsDefinition) -> AssetsDefinition:
    """The multi-asset over ``partitions``."""

    @multi_asset(
        name="raw_radist",
        specs=raw_specs("raw_radist", RADIST_TABLES, _DESCRIPTIONS, partitions, kind="radist"),
        backfill_policy=RAW_BACKFILL,
    )
    def raw_radist(
        context: AssetExecutionContext, tenant_run: ResourceParam[TenantRun]
    ) -> Iterator[MaterializeResult]:
        with as_dagster_failures(), tenant_run.step("raw/radist", progress=20):
            source = radist_source(tenant_run, context.log.info)
            yield from materialize_days(context, tenant_run, source)

    return raw_radist


def radist_source(tenant_run: TenantRun, on_progress: Callable[[str], None]) -> Source:
    """Radist with the run's credentials; the page limits are per day."""
    config = tenant_run.tenant.config

    def fetch(windows: Windows, _: Put | None) -> dict[BusinessDay, DayShare]:
        limits = radist.Limits(
            contact_pages=config.max_radist_contact_pages,
            message_pages=config.max_radist_message_pages * len(windows),
            dialogs=config.radist_fetch_limit * len(windows),
            candidates=config.max_radist_candidates * len(windows),
        )
        run, quarantine = tenant_run, Quarantine()
        region, before = tenant_run.tenant.default_region, stored_before(run, windows)
        with radist_client(run.platform, run.tenant, run.about, quarantine) as client:
            fetched = radist.fetch_day(
                client, span(windows), limits, parse_time, on_progress, before
            )
        require_whole(fetched, len(windows))
        days = radist_days(fetched, windows, parse_time)
        poison = quarantine.by_day(windows)
        return {
            day: remainder(
                DayShare(
                    partial(radist.raw_rows, share, region, parse_time),
                    poison[day],
                    chats=sorted(share.chats),
                ),
                fetched,
                before,
                config,
                parse_time,
            )
            for day, share in days.items()
        }

    return Source("radist", RADIST_TABLES, lambda mode: mode.reads_radist, fetch)
