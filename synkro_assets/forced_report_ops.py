"""The ops of a forced report: raw rows and marts of the days its window touches, then the report.

What lives here: the Dagster skin. These are ops and no assets, since a window is no partition; the
raw tables and marts they renew are recorded as materialized all the same, those of a day that is
still open as observed. What is computed is ``operations/forced_report.py``.
"""

from collections.abc import Callable

from dagster import (
    AssetMaterialization,
    AssetObservation,
    In,
    JobDefinition,
    Nothing,
    OpDefinition,
    OpExecutionContext,
    Out,
    ResourceParam,
    in_process_executor,
    job,
    op,
)

from synkro_assets.assets.day_outcomes import Metadata
from synkro_assets.assets.dbt_models import build_days
from synkro_assets.assets.raw_amocrm import amocrm_source
from synkro_assets.assets.raw_phone_lookups import looked_up
from synkro_assets.assets.raw_radist import radist_source
from synkro_assets.assets.raw_specs import load_days
from synkro_assets.failures import as_dagster_failures
from synkro_assets.operations.daily_report import Delivery
from synkro_assets.operations.day_batches import DayOutcomes
from synkro_assets.operations.forced_report import make_forced_report
from synkro_assets.operations.phone_lookups import STEP
from synkro_assets.operations.tenant_run import TenantRun
from synkro_assets.partitions import partition_key
from synkro_assets.resources import DELIVER_TAG
from synkro_assets.storage.transforms import TransformProject

_AFTER = {"after": In(Nothing)}


def build(name: str, project: TransformProject) -> JobDefinition:
    """The job of the forced report, by the name it has in Dagit."""
    read, transform, report = _read(), _transform(project), _report()

    @job(
        name=name,
        executor_def=in_process_executor,
        description="A report on any window of time within a tenant's limits. Needs the run tags "
        "synkro/tenant, synkro/window_start and synkro/window_end (ISO 8601); 'synkro run SLUG "
        "--from … --to …' sets them.",
    )
    def forced_report_job() -> None:
        report(after=transform(after=read()))

    return forced_report_job


def _read() -> OpDefinition:
    @op(name="read_days", out=Out(Nothing), description="Raw rows of the days the window touches.")
    def read_days(context: OpExecutionContext, tenant_run: ResourceParam[TenantRun]) -> None:
        for number, make_source in enumerate((amocrm_source, radist_source)):
            source = make_source(tenant_run, context.log.info)
            step = f"raw/{source.name}"
            with as_dagster_failures(), tenant_run.step(step, progress=5 + 15 * number):
                loaded = load_days(tenant_run, source, context.run_id, context.log.info)
                _record(context, tenant_run, loaded)
        with as_dagster_failures(), tenant_run.step(STEP, progress=35):
            _record(context, tenant_run, looked_up(tenant_run, context.run_id, context.log.info))

    return read_days


def _transform(project: TransformProject) -> OpDefinition:
    @op(
        name="transform_days",
        ins=_AFTER,
        out=Out(Nothing),
        description="Marts of the days the window touches.",
    )
    def transform_days(context: OpExecutionContext, tenant_run: ResourceParam[TenantRun]) -> None:
        with as_dagster_failures(), tenant_run.step("dbt_models", progress=45):
            built = build_days(project, tenant_run, context.log.warning)
            _record(context, tenant_run, built)

    return transform_days


def _report() -> OpDefinition:
    @op(
        name="forced_report",
        ins=_AFTER,
        out=Out(Nothing),
        description="Facts of the window and the report on it.",
    )
    def forced_report(context: OpExecutionContext, tenant_run: ResourceParam[TenantRun]) -> None:
        delivery = Delivery.of_run(context.run_tags.get(DELIVER_TAG), days=2)
        with as_dagster_failures(), tenant_run.step("reports/forced_report", progress=80):
            made = make_forced_report(tenant_run, delivery, context.log.info)
        context.add_output_metadata({"report_id": str(made.report_id), "status": made.status})

    return forced_report


def _record(
    context: OpExecutionContext, tenant_run: TenantRun, outcomes: DayOutcomes[Metadata]
) -> None:
    """Tell Dagster which partitions were renewed; raises when a day failed."""
    now = tenant_run.platform.clock.now()
    for day, assets in sorted(outcomes.done.items()):
        is_closed = tenant_run.plan(day).window.end <= now
        kind: Callable[..., AssetMaterialization | AssetObservation]
        kind = AssetMaterialization if is_closed else AssetObservation
        key = partition_key(tenant_run.tenant.slug, day)
        for asset_key, metadata in assets.items():
            context.log_event(kind(asset_key, partition=key, metadata=dict(metadata)))
    outcomes.require_all_done()
