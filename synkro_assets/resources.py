"""Dagster's resources: thin, without configuration, handing back plain objects.

What lives here: how a run gets its platform and its claim on a tenant. They carry no values of
their own, so that no URL or key shows in Dagit; ``settings`` is read when a run begins.
"""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from dagster import ConfigurableResource, InitResourceContext, ResourceDependency
from dagster._core.events import DagsterEventType

from synkro_assets.failures import as_dagster_failures
from synkro_assets.operations.platform import Platform
from synkro_assets.operations.tenant_run import TenantRun, begin_run
from synkro_assets.partitions import keys_of_run
from synkro_assets.settings import load_settings, platform
from synkro_assets.storage.tenants import tenant_by_slug

REQUESTED_BY_TAG = "synkro/requested_by"
TRIGGER_TAG = "synkro/trigger"
DELIVER_TAG = "synkro/deliver"


class PlatformResource(ConfigurableResource[Platform]):
    """The database, key ring and clock of this installation."""

    @contextmanager
    def yield_for_execution(self, context: InitResourceContext) -> Generator[Any, None, None]:
        with as_dagster_failures(), platform(load_settings()) as opened:
            yield opened


class TenantRunResource(ConfigurableResource[TenantRun]):
    """The claim on the run's tenant, held from the run's first step to its last."""

    platform: ResourceDependency[Platform]

    @contextmanager
    def yield_for_execution(self, context: InitResourceContext) -> Generator[Any, None, None]:
        run = context.run
        assert run is not None
        with as_dagster_failures():
            opened = self.platform
            slug, days = keys_of_run(run.tags)
            with opened.database.transaction() as connection:
                tenant = tenant_by_slug(connection, slug)
            tenant_run = begin_run(
                opened,
                tenant,
                days,
                {
                    "job_type": "daily_report",
                    "trigger_type": run.tags.get(TRIGGER_TAG, "manual"),
                    "requested_by": run.tags.get(REQUESTED_BY_TAG, "dagit"),
                    "dagster_run_id": run.run_id,
                },
            )
        try:
            yield tenant_run
        finally:
            tenant_run.close(*_outcome(context, tenant_run))


def _outcome(context: InitResourceContext, tenant_run: TenantRun) -> tuple[str, str | None]:
    """How the run ended, by Dagster's own log of its steps."""
    instance, run = context.instance, context.run
    assert instance is not None
    assert run is not None
    ended = {
        kind: {
            record.dagster_event.step_key
            for record in instance.all_logs(run.run_id, of_type=kind)
            if record.dagster_event
        }
        for kind in (DagsterEventType.STEP_SUCCESS, DagsterEventType.STEP_FAILURE)
    }
    if ended[DagsterEventType.STEP_FAILURE] or tenant_run.failure:
        return "failed", tenant_run.failure or "a step failed: see the run in Dagit"
    assert run.execution_plan_snapshot_id is not None
    plan = instance.get_execution_plan_snapshot(run.execution_plan_snapshot_id)
    if set(plan.step_keys_to_execute) <= ended[DagsterEventType.STEP_SUCCESS]:
        return "success", None
    return "canceled", "the run ended before all its steps ran"
