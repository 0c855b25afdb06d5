"""Delivering a report to the tenant's Telegram chat, through the outbox.

What lives here: the Dagster skin. Sending is ``delivery/outbox.py``. Delivery takes no claim on the
tenant: the leases of the outbox keep each part from being sent twice.
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

from synkro_assets.failures import as_dagster_failures
from synkro_assets.operations.platform import Platform
from synkro_assets.operations.report_delivery import deliver_daily_report
from synkro_assets.partitions import split_key


def build(partitions: PartitionsDefinition) -> AssetsDefinition:
    """The delivery asset over ``partitions``."""

    @asset(
        key=["delivery", "telegram_report"],
        description="The day's report in the tenant's Telegram chat: every queued part sent, in "
        "order, each at most once.",
        group_name="delivery",
        owners=["team:data"],
        kinds={"python", "telegram"},
        partitions_def=partitions,
        deps=[AssetKey(["reports", "daily_report"])],
        metadata={"dagster/table_name": "app.deliveries"},
    )
    def telegram_report(
        context: AssetExecutionContext, platform: ResourceParam[Platform]
    ) -> MaterializeResult:
        slug, day = split_key(context.partition_key)
        with as_dagster_failures():
            delivered = deliver_daily_report(platform, slug, day)
        return MaterializeResult(
            metadata={
                "parts": len(delivered.parts),
                "sent_now": delivered.sent_now,
                "message_ids": ", ".join(
                    part.provider_message_id or "" for part in delivered.parts
                ),
            }
        )

    return telegram_report
