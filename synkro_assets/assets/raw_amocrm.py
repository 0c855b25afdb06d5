"""Raw amoCRM tables: one multi-asset, because one pass over the API fills them all.

What lives here: the Dagster skin. Fetching is ``ingestion/amocrm.py``.
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

from synkro_assets.assets.amocrm_remainder import (
    limits_of,
    read_before,
    remainder,
    require_whole,
)
from synkro_assets.assets.raw_specs import (
    RAW_BACKFILL,
    DayShare,
    Source,
    materialize_days,
    raw_specs,
)
from synkro_assets.domain.business_day import BusinessDay
from synkro_assets.failures import as_dagster_failures
from synkro_assets.ingestion import amocrm
from synkro_assets.ingestion.amocrm_rows import Early, Rows
from synkro_assets.ingestion.days import Windows, amocrm_days, span
from synkro_assets.ingestion.packing import AS_READ, OUTLINED, PACKED, Put
from synkro_assets.ingestion.quarantine import Quarantine
from synkro_assets.operations.amocrm_references import held_references
from synkro_assets.operations.provider_clients import amocrm_client
from synkro_assets.operations.stopped_accounts import asking_again
from synkro_assets.operations.tenant_run import TenantRun
from synkro_assets.storage.lead_links import linked_before
from synkro_assets.storage.raw_rows import AMOCRM_TABLES

_DESCRIPTIONS = {
    "amocrm_accounts": "The amoCRM account: its name and currency, latest state.",
    "amocrm_users": "The people of the account, latest state.",
    "amocrm_pipelines": "Pipelines with their stages, latest state.",
    "amocrm_loss_reasons": "Why deals are lost, latest state.",
    "amocrm_events": "What happened to leads: created, moved, deleted. None is ever taken away.",
    "amocrm_leads": "Every version of a lead that was seen; deletions are versions too.",
    "amocrm_contacts": "Every version of a contact of the day's leads, with phones in E.164.",
    "amocrm_contact_channels": "Phones and e-mails of contacts' versions, one row each.",
    "amocrm_contact_sightings": "When a contact was found to be gone or back: its tombstones.",
    "amocrm_lead_contacts": "Which contact was ever linked to which lead.",
}


def build(partitions: PartitionsDefinition) -> AssetsDefinition:
    """The multi-asset over ``partitions``."""

    @multi_asset(
        name="raw_amocrm",
        specs=raw_specs("raw_amocrm", AMOCRM_TABLES, _DESCRIPTIONS, partitions, kind="amocrm"),
        backfill_policy=RAW_BACKFILL,
    )
    def raw_amocrm(
        context: AssetExecutionContext, tenant_run: ResourceParam[TenantRun]
    ) -> Iterator[MaterializeResult]:
        with as_dagster_failures(), tenant_run.step("raw/amocrm", progress=5):
            source = amocrm_source(tenant_run, context.log.info)
            yield from materialize_days(context, tenant_run, source)

    return raw_amocrm


def amocrm_source(tenant_run: TenantRun, on_progress: Callable[[str], None]) -> Source:
    """amoCRM with the run's credentials."""
    config = tenant_run.tenant.config

    def fetch(windows: Windows, put: Put | None) -> dict[BusinessDay, DayShare]:
        run, quarantine, region = tenant_run, Quarantine(), tenant_run.tenant.default_region
        limits, before = limits_of(config, len(windows)), read_before(run, windows)
        # Packing takes time, and a day alone is stored as soon as it is read.
        holding = OUTLINED if put else PACKED if len(windows) > 1 else AS_READ
        with (
            asking_again(run, "amocrm"),
            amocrm_client(run.platform, run.tenant, run.about, quarantine) as client,
        ):
            held = held_references(run.platform, run.tenant)
            linked = partial(linked_before, run.platform.database, run.tenant.tenant_id)
            fetched = amocrm.fetch_day(
                client, span(windows), on_progress, held, limits, before.place, linked, holding,
                Early(put, region, partial(quarantine.ids_of, "contacts")),
            )  # fmt: skip
        require_whole(fetched.portion, len(windows))
        days = amocrm_days(fetched, windows)
        poison, unusable = quarantine.by_day(windows), quarantine.ids_of("contacts")

        def rows(share: amocrm.AmoCrmDay) -> Rows:
            return amocrm.list_rows(share) if put else amocrm.raw_rows(share, region, unusable)

        return {
            day: remainder(
                DayShare(partial(rows, share), poison[day]), fetched.portion, before, config
            )
            for day, share in days.items()
        }

    return Source("amocrm", AMOCRM_TABLES, lambda mode: mode.reads_amocrm, fetch, is_streamed=True)
