"""Delivering a report to the tenant's Telegram chat, through the outbox.

What lives here: the Dagster skin. Sending is ``delivery/outbox.py``. Delivery takes no claim on the
tenant: the leases of the outbox keep each part from being sent twice.
"""

from functools import partial

from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    MaterializeResult,
    PartitionsDefinition,
    ResourceParam,
    asset,
)

from synkro_assets.assets.day_outcomes import Metadata, record_days
from synkro_assets.assets.raw_specs import REST_BACKFILL
from synkro_assets.domain.business_day import BusinessDay
from synkro_assets.domain.tenant import TenantSlug
from synkro_assets.failures import as_dagster_failures
from synkro_assets.operations.day_batches import each_day
from synkro_assets.operations.platform import Platform
from synkro_assets.operations.report_delivery import deliver_day
from synkro_assets.partitions import keys_of_run

DELIVERY = AssetKey(["delivery", "telegram_report"])


def build(partitions: PartitionsDefinition) -> AssetsDefinition:
    """The delivery asset over ``partitions``."""

    @asset(
        key=DELIVERY,
        description="The day's report in the tenant's Telegram chat: every queued part sent, in "
        "order, each at most once. A forced report of that day too.",
        group_name="delivery",
        owners=["team:data"],
        kinds={"python", "telegram"},
        partitions_def=partitions,
        backfill_policy=REST_BACKFILL,
        deps=[AssetKey(["reports", "daily_report"])],
        metadata={"dagster/table_name": "app.deliveries"},
    )
    def telegram_report(
        context: AssetExecutionContext, platform: ResourceParam[Platform]
    ) -> MaterializeResult:
        with as_dagster_failures():
            slug, days = keys_of_run(context.run.tags)
            record_days(context, slug, each_day(days, partial(_delivered, platform, slug)))
        return MaterializeResult()

    return telegram_report


def _delivered(platform: Platform, slug: TenantSlug, day: BusinessDay) -> Metadata:
    delivered = deliver_day(platform, slug, day)
    ids = ", ".join(part.provider_message_id or "" for part in delivered.parts)
    return {
        DELIVERY: {
            "parts": len(delivered.parts),
            "sent_now": delivered.sent_now,
            "message_ids": ids,
        }
    }
