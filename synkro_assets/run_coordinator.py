"""The run coordinator: every run carries the tag ``synkro/tenant``, by which limits apply.

What lives here: the tag. These limits are comfort; the truth about who runs is the claim in the
database (``storage/run_claims.py``).
"""

from __future__ import annotations

from dagster import DagsterRun
from dagster._core.run_coordinator import QueuedRunCoordinator, SubmitRunContext

from synkro_assets.partitions import PARTITION_TAG

TENANT_TAG = "synkro/tenant"

_RANGE_START = "dagster/asset_partition_range_start"


class TenantRunCoordinator(QueuedRunCoordinator):
    """Queues runs after tagging them with their tenant; range runs carry no partition tag."""

    def submit_run(self, context: SubmitRunContext) -> DagsterRun:
        run = context.dagster_run
        key = run.tags.get(PARTITION_TAG) or run.tags.get(_RANGE_START)
        if key and TENANT_TAG not in run.tags:
            self._instance.add_run_tags(run.run_id, {TENANT_TAG: key.rpartition("|")[2]})
            tagged = self._instance.get_run_by_id(run.run_id)
            assert tagged is not None
            context = SubmitRunContext(tagged, context.workspace)
        return super().submit_run(context)
