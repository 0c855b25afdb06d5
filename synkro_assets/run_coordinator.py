"""The run coordinator: every run carries the tag ``synkro/tenant``, by which limits apply.

What lives here: the tag. These limits are comfort; the truth about who runs is the claim in the
database (``storage/run_claims.py``).
"""

from __future__ import annotations

from dagster import DagsterRun
from dagster._core.run_coordinator import QueuedRunCoordinator, SubmitRunContext

from synkro_assets.partitions import PARTITION_TAG, RANGE_START_TAG, TENANT_TAG

# Sending takes no claim on the tenant and must not wait for its next long run.
_FREE_JOBS = {"telegram_delivery_job"}


class TenantRunCoordinator(QueuedRunCoordinator):
    """Queues runs after tagging them with their tenant; range runs carry no partition tag."""

    def submit_run(self, context: SubmitRunContext) -> DagsterRun:
        run = context.dagster_run
        key = run.tags.get(PARTITION_TAG) or run.tags.get(RANGE_START_TAG)
        if key and TENANT_TAG not in run.tags and run.job_name not in _FREE_JOBS:
            self._instance.add_run_tags(run.run_id, {TENANT_TAG: key.rpartition("|")[2]})
            tagged = self._instance.get_run_by_id(run.run_id)
            assert tagged is not None
            context = SubmitRunContext(tagged, context.workspace)
        return super().submit_run(context)
