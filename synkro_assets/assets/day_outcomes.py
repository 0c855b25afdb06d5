"""How the days of a run look in Dagster: each good day materialized, the bad ones named.

What lives here: recording outcomes. Finding the good days is ``operations/day_batches.py``.

A step that returns normally materializes every partition it was asked for. One with a bad day must
therefore end as a failure, after each good day was recorded by hand. ``output_required=False``
would end it green with everything after it skipped.
"""

from collections.abc import Mapping
from typing import Any

from dagster import AssetExecutionContext, AssetKey, AssetMaterialization

from synkro_assets.domain.tenant import TenantSlug
from synkro_assets.operations.day_batches import DayOutcomes
from synkro_assets.operations.tenant_run import TenantRun
from synkro_assets.partitions import partition_key

Metadata = Mapping[AssetKey, Mapping[str, Any]]


def record_days(
    context: AssetExecutionContext, slug: TenantSlug, outcomes: DayOutcomes[Metadata]
) -> None:
    """Record each day's metadata by asset; raises when a day failed, never returns without one.

    A run of a single day raises that day's own error, a run of several DaysFailed.
    """
    for day, assets in sorted(outcomes.done.items()):
        key = partition_key(slug, day)
        for asset_key, metadata in assets.items():
            if outcomes.failed:
                context.log_event(
                    AssetMaterialization(asset_key, partition=key, metadata=dict(metadata))
                )
            else:
                context.add_asset_metadata(dict(metadata), asset_key, key)
    outcomes.require_all_done()


def record_run_days(
    context: AssetExecutionContext,
    tenant_run: TenantRun,
    outcomes: DayOutcomes[Metadata],
    *,
    step: str,
) -> None:
    """The same for a run with a claim: its refused days fail too, and each failure is logged."""
    outcomes.failed = {**tenant_run.refused, **outcomes.failed}
    for day, problem in sorted(outcomes.failed.items()):
        tenant_run.log_failed_day(day, problem, step)
    record_days(context, tenant_run.tenant.slug, outcomes)
