"""The same assets as Dagster runs them by default: ``default_executor.py SLUG DAY``.

What lives here: what ``fixed_cost`` compares with. Every step in a process of its own, dbt through
dagster-dbt's command line, everything else untouched: the product's own assets, checks, resources,
storage and database. The claim on a tenant is of one process, so each step takes it anew and steps
run one after the other; that costs wall time, which is not compared, and next to no CPU.

No `from __future__ import annotations`: Dagster reads annotations.
"""

import json
import os
import shutil
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    Definitions,
    InitResourceContext,
    JobDefinition,
    MaterializeResult,
    ResourceParam,
    define_asset_job,
    execute_job,
    multiprocess_executor,
    reconstructable,
)
from dagster_dbt import DbtCliResource, dbt_assets

from synkro_assets.assets import dbt_models, raw_amocrm, raw_radist, reports
from synkro_assets.commands.dagster_runs import dagster_instance
from synkro_assets.domain.business_day import parse_business_day
from synkro_assets.domain.tenant import parse_slug
from synkro_assets.operations.platform import SystemClock
from synkro_assets.operations.tenant_run import TenantRun, begin_run
from synkro_assets.partitions import (
    TENANT_TAG,
    register_tenants,
    run_tags,
    split_key,
    tenant_business_day,
)
from synkro_assets.resources import PlatformResource, TenantRunResource, order_of
from synkro_assets.settings import PROJECT_ROOT, load_settings
from synkro_assets.storage.connection_urls import dbt_environment
from synkro_assets.storage.transform_models import models_of
from synkro_assets.storage.transforms import TransformProject, tenant_day_arguments

JOB = "baseline_job"
PROJECT = TransformProject(PROJECT_ROOT / "dbt_project")


class StepRunResource(TenantRunResource):
    """The claim for one step's process: an entry in the ledger of its own."""

    @contextmanager
    def yield_for_execution(self, context: InitResourceContext) -> Generator[Any, None, None]:
        assert context.run is not None
        tenant, order = order_of(self.platform, context.run)
        own = replace(order, dagster_run_id=f"{context.run.run_id}:{os.getpid()}")
        tenant_run = begin_run(self.platform, tenant, own)
        try:
            yield tenant_run
        finally:
            tenant_run.close("success", None)


def _dbt_through_the_command_line(partitions: Any) -> AssetsDefinition:
    @dbt_assets(
        manifest=PROJECT.manifest_path,
        partitions_def=partitions,
        dagster_dbt_translator=dbt_models.SynkroTranslator(),
        name="dbt_models",
        exclude="resource_type:unit_test",
    )
    def models(
        context: AssetExecutionContext, tenant_run: ResourceParam[TenantRun]
    ) -> Iterator[Any]:
        _, day = split_key(context.partition_key)
        tenant_id = str(tenant_run.tenant.tenant_id)
        variables = {"tenant_id": tenant_id, "business_days": [day.isoformat()]}
        os.environ |= dbt_environment(tenant_run.platform.database.url)
        os.environ["PGOPTIONS"] = f"-c app.tenant_id={tenant_id}"
        for node in models_of(PROJECT.manifest_path, "view"):
            yield MaterializeResult(asset_key=AssetKey([node["schema"], node["name"]]))
        command_line = DbtCliResource(
            project_dir=str(PROJECT.folder),
            profiles_dir=str(PROJECT.folder),
            dbt_executable=str(Path(sys.executable).with_name("dbt")),
        )
        # Without the context, or dagster-dbt would select every model and rebuild the views too.
        translator = dbt_models.SynkroTranslator()
        invocation = command_line.cli(
            [*_one_value_each(tenant_day_arguments()), "--vars", json.dumps(variables)],
            manifest=PROJECT.manifest_path,
            dagster_dbt_translator=translator,
        )
        for event in invocation.stream_raw_events():
            yield from event.to_default_asset_events(
                invocation.manifest, translator, context, invocation.target_path
            )
        shutil.rmtree(invocation.target_path)

    return models


def _one_value_each(arguments: list[str]) -> list[str]:
    """Options of several values with these in one, as dagster-dbt itself passes them."""
    command, *rest = arguments
    joined = [command]
    for word in rest:
        if word.startswith("--") or joined[-1].startswith("--"):
            joined.append(word)
        else:
            joined[-1] += f" {word}"
    return joined


def baseline() -> JobDefinition:
    """The main job without what makes it cheap."""
    settings = load_settings()
    days = tenant_business_day(settings.first_day(SystemClock().now()))
    definitions = Definitions(
        assets=[
            raw_amocrm.build(days),
            raw_radist.build(days),
            _dbt_through_the_command_line(days),
            *reports.build(days),
        ],
        jobs=[
            define_asset_job(
                JOB,
                partitions_def=days,
                executor_def=multiprocess_executor.configured({"max_concurrent": 1}),
            )
        ],
        resources={
            "platform": PlatformResource(),
            "tenant_run": StepRunResource(platform=PlatformResource()),
        },
    )
    return definitions.resolve_job_def(JOB)


def main(slug: str, day: str) -> None:
    """Run the day; ends 1 when it failed."""
    settings = load_settings()
    tenant, business_day = parse_slug(slug), parse_business_day(day)
    with dagster_instance(settings, os.environ["SYNKRO_DATABASE_URL"]) as instance:
        register_tenants(instance, [tenant])
        result = execute_job(
            reconstructable(baseline),
            instance,
            tags={**run_tags(tenant, business_day), TENANT_TAG: tenant},
        )
        sys.exit(0 if result.success else 1)


if __name__ == "__main__":
    from benchmarks.default_executor import main as of_the_module

    # Step processes import the job by its module's name, which is not __main__.
    of_the_module(*sys.argv[1:])
