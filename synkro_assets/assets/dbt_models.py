"""The dbt models and their tests as assets and checks; dbt runs in the run's own process.

What lives here: how the project looks in Dagster and how dbt's events become Dagster's. Running dbt
is ``storage/transforms.py``; the models are ``dbt_project``.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dagster import (
    AssetCheckResult,
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    MaterializeResult,
    MetadataValue,
    Output,
    PartitionsDefinition,
    ResourceParam,
)
from dagster_dbt import DagsterDbtTranslator, dbt_assets
from dagster_dbt.core.dbt_cli_event import DbtCoreCliEventMessage
from dagster_dbt.dbt_manifest import validate_manifest

from synkro_assets.domain.business_day import BusinessDay
from synkro_assets.domain.errors import TransformFailed
from synkro_assets.failures import as_dagster_failures
from synkro_assets.operations.tenant_run import TenantRun
from synkro_assets.partitions import split_key
from synkro_assets.storage.transforms import TransformProject, row_counts

ROW_COUNT = "dagster/partition_row_count"


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


def build(project: TransformProject, partitions: PartitionsDefinition) -> AssetsDefinition:
    """All models of the parsed project over ``partitions``."""

    @dbt_assets(
        manifest=project.manifest_path,
        partitions_def=partitions,
        dagster_dbt_translator=SynkroTranslator(),
        name="dbt_models",
        exclude="resource_type:unit_test",
    )
    def dbt_models(
        context: AssetExecutionContext, tenant_run: ResourceParam[TenantRun]
    ) -> Iterator[Any]:
        _, day = split_key(context.partition_key)
        with as_dagster_failures(), tenant_run.step("dbt_models", progress=45):
            yield from _built(context, project, tenant_run, day)

    return dbt_models


def _built(
    context: AssetExecutionContext,
    project: TransformProject,
    tenant_run: TenantRun,
    day: BusinessDay,
) -> Iterator[Any]:
    """Dagster's events of a tenant-day build; of a failed one its checks, before it raises."""
    events: list[dict[str, Any]] = []
    failure: TransformFailed | None = None
    try:
        project.build_days(
            tenant_run.platform.database, tenant_run.tenant.tenant_id, [day], events.append
        )
    except TransformFailed as problem:
        failure = problem
    counts: dict[AssetKey, int] = {}
    if failure is None:
        # Dagster wants parents first, and no view is built on a table.
        yield from _views(project, tenant_run, day)
        counts = _row_counts(project, tenant_run, day, "incremental")
    for event in events:
        message = DbtCoreCliEventMessage(raw_event=event, event_history_metadata={})
        for outcome in message.to_default_asset_events(
            manifest=validate_manifest(project.manifest_path),
            dagster_dbt_translator=SynkroTranslator(),
            context=context,
        ):
            if isinstance(outcome, Output):
                key = context.asset_key_for_output(outcome.output_name)
                outcome = outcome.with_metadata({**outcome.metadata, ROW_COUNT: counts.get(key, 0)})
            if failure is None or isinstance(outcome, AssetCheckResult):
                yield outcome
    if failure is not None:
        raise failure
    tenant_run.log("transforms built and tested", step="dbt_models")


def _views(
    project: TransformProject, tenant_run: TenantRun, day: BusinessDay
) -> Iterator[MaterializeResult]:
    """A run never rebuilds a view; what it shows of the day is counted and recorded."""
    for key, count in _row_counts(project, tenant_run, day, "view").items():
        yield MaterializeResult(
            asset_key=key,
            metadata={
                ROW_COUNT: count,
                "materialized": MetadataValue.text("view, created by synkro migrate"),
            },
        )


def _row_counts(
    project: TransformProject, tenant_run: TenantRun, day: BusinessDay, materialized: str
) -> dict[AssetKey, int]:
    """How many rows of the day each model of a kind holds."""
    with tenant_run.transaction() as connection:
        counts = row_counts(connection, project, tenant_run.tenant.tenant_id, [day], materialized)
    return {AssetKey(list(name)): count for name, count in counts.items()}
