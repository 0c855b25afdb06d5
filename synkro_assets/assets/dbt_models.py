"""The dbt models and their tests as assets and checks; dbt runs in the run's own process.

What lives here: how the project looks in Dagster and how dbt's events become Dagster's. Running dbt
is ``storage/transforms.py``; the models are ``dbt_project``.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from typing import Any

from dagster import (
    AssetCheckResult,
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    MaterializeResult,
    PartitionsDefinition,
    ResourceParam,
)
from dagster_dbt import DagsterDbtTranslator, dbt_assets
from dagster_dbt.core.dbt_cli_event import DbtCoreCliEventMessage
from dagster_dbt.dbt_manifest import validate_manifest

from synkro_assets.assets.day_outcomes import Metadata, record_run_days
from synkro_assets.assets.raw_specs import REST_BACKFILL
from synkro_assets.domain.business_day import BusinessDay
from synkro_assets.domain.errors import TransformFailed
from synkro_assets.failures import as_dagster_failures
from synkro_assets.operations.day_batches import DayOutcomes, each_good_day
from synkro_assets.operations.tenant_run import TenantRun
from synkro_assets.storage.transform_models import models_of, row_counts
from synkro_assets.storage.transforms import TransformProject

ROW_COUNT = "dagster/partition_row_count"
STEP = "dbt_models"

DbtEvent = dict[str, Any]


class SynkroTranslator(DagsterDbtTranslator):
    """One small method per attribute; sources keep their key so that lineage joins by itself."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> AssetKey:
        return AssetKey([dbt_resource_props["schema"], dbt_resource_props["name"]])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        return "dbt_models"

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> Sequence[str]:
        return ["team:data"]

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        return str(dbt_resource_props.get("description", ""))


# One for all: dagster-dbt remembers in it what it found out about a model.
TRANSLATOR = SynkroTranslator()

# Of some 1,500 events of a build the only ones that say how a model or a test ended.
_OUTCOMES = {"LogModelResult", "LogTestResult", "NodeFinished"}


def build(project: TransformProject, partitions: PartitionsDefinition) -> AssetsDefinition:
    """All models of the parsed project over ``partitions``."""

    @dbt_assets(
        manifest=project.manifest_path,
        partitions_def=partitions,
        dagster_dbt_translator=TRANSLATOR,
        name="dbt_models",
        exclude="resource_type:unit_test",
        backfill_policy=REST_BACKFILL,
    )
    def dbt_models(
        context: AssetExecutionContext, tenant_run: ResourceParam[TenantRun]
    ) -> Iterator[Any]:
        with as_dagster_failures(), tenant_run.step("dbt_models", progress=45):
            yield from _built(context, project, tenant_run)

    return dbt_models


def build_days(
    project: TransformProject,
    tenant_run: TenantRun,
    on_retry: Callable[[str], None],
    on_attempt: Callable[[list[DbtEvent]], None] = lambda _: None,
    chosen: Set[AssetKey] | None = None,
) -> DayOutcomes[Metadata]:
    """Rebuild and test the run's days together; days whose tests are red are found by halving.

    ``chosen`` are the models to build, all of them unless given.

    ``on_attempt`` is given dbt's events of each build that stands: of good days, or of one bad one.
    """

    names = None if chosen is None else sorted(key.path[-1] for key in chosen)

    def attempt(days: Sequence[BusinessDay]) -> dict[BusinessDay, Metadata]:
        events: list[DbtEvent] = []

        def keep(event: DbtEvent) -> None:
            if event["info"]["name"] in _OUTCOMES:
                events.append(event)

        platform, tenant_id = tenant_run.platform, tenant_run.tenant.tenant_id
        try:
            project.build_days(platform.database, tenant_id, days, keep, names)
        except TransformFailed:
            if len(days) == 1:
                on_attempt(events)
            raise
        on_attempt(events)
        return _row_counts(project, tenant_run, days, chosen)

    outcomes = each_good_day(tenant_run.days, attempt, on_retry)
    if outcomes.done:
        days = len(outcomes.done)
        said = "1 day" if days == 1 else f"{days} days"
        tenant_run.log(f"transforms of {said} built and tested", step=STEP)
    return outcomes


def _built(
    context: AssetExecutionContext, project: TransformProject, tenant_run: TenantRun
) -> Iterator[Any]:
    """Dagster's events of a build; of one with a bad day its checks, before it raises."""
    attempts: list[list[DbtEvent]] = []
    chosen = context.selected_asset_keys if context.is_subset else None
    outcomes = build_days(project, tenant_run, context.log.warning, attempts.append, chosen)
    is_whole = not outcomes.failed and not tenant_run.refused
    told = [outcome for events in attempts for outcome in _as_dagster(context, project, events)]
    checks = [each for each in told if isinstance(each, AssetCheckResult)]
    if not is_whole:
        yield from _worst_of_each(checks)
    record_run_days(context, tenant_run, outcomes, step=STEP)
    # Dagster wants parents first, and no view is built on a table. A run never rebuilds a view.
    for node in models_of(project.manifest_path, "view"):
        key = AssetKey([node["schema"], node["name"]])
        if key in context.selected_asset_keys:
            yield MaterializeResult(asset_key=key)
    yield from told


def _as_dagster(
    context: AssetExecutionContext, project: TransformProject, events: list[DbtEvent]
) -> Iterator[Any]:
    manifest = validate_manifest(project.manifest_path)
    for event in events:
        message = DbtCoreCliEventMessage(raw_event=event, event_history_metadata={})
        yield from message.to_default_asset_events(
            manifest=manifest, dagster_dbt_translator=TRANSLATOR, context=context
        )


def _worst_of_each(checks: list[AssetCheckResult]) -> list[AssetCheckResult]:
    """One result per check: a failed one where any day's build had one."""
    worst: dict[tuple[AssetKey | None, str | None], AssetCheckResult] = {}
    for check in checks:
        name = (check.asset_key, check.check_name)
        if name not in worst or not check.passed:
            worst[name] = check
    return list(worst.values())


def _row_counts(
    project: TransformProject,
    tenant_run: TenantRun,
    days: Sequence[BusinessDay],
    chosen: Set[AssetKey] | None,
) -> dict[BusinessDay, Metadata]:
    """How many rows each chosen model holds of each day."""
    with tenant_run.transaction() as connection:
        counts = row_counts(connection, project.manifest_path, tenant_run.tenant.tenant_id, days)
    views = {(node["schema"], node["name"]) for node in models_of(project.manifest_path, "view")}
    return {
        day: {
            AssetKey(list(name)): {
                ROW_COUNT: of_days[day],
                **({"materialized": "view, created by synkro migrate"} if name in views else {}),
            }
            for name, of_days in counts.items()
            if chosen is None or AssetKey(list(name)) in chosen
        }
        for day in days
    }
