"""START HERE: everything Dagster sees, assembled.

What lives here: the assembly. Each kind of definition has a file of its own beside this one; tests
call ``build_defs`` with other resources instead of patching.
"""

from __future__ import annotations

import warnings
from typing import Any

from dagster import Definitions, in_process_executor

from synkro_assets import (
    asset_checks,
    export_sensors,
    forced_report_ops,
    housekeeping_ops,
    jobs,
    partitions,
    run_request_sensors,
    schedules,
    sensors,
)
from synkro_assets.assets import (
    dbt_models,
    delivery,
    export,
    raw_amocrm,
    raw_phone_lookups,
    raw_radist,
    reports,
)
from synkro_assets.operations.platform import SystemClock
from synkro_assets.resources import PlatformResource, TenantRunResource
from synkro_assets.settings import PROJECT_ROOT, Settings, load_settings
from synkro_assets.storage.transforms import TransformProject

# Backfill policies are chosen on purpose (``assets/raw_specs.py``); nobody at a terminal needs to
# hear that they differ, or that Dagster still calls them beta.
warnings.filterwarnings("ignore", message=".*backfill_policy.*currently in beta")
warnings.filterwarnings("ignore", message=".*varying BackfillPolicies")


def build_defs(settings: Settings, **overrides: Any) -> Definitions:
    """The definitions of an installation; ``overrides`` replace resources by key.

    Nothing is read but the settings and the dbt project: no database and no network.
    """
    project = TransformProject(PROJECT_ROOT / "dbt_project")
    project.prepare(may_parse=not settings.is_production)
    days = partitions.tenant_business_day(settings.first_day(SystemClock().now()))
    asset_jobs = {job.name: job for job in jobs.build(days)}
    forced_report_job = forced_report_ops.build(jobs.FORCED_REPORT, project)
    daily_jobs = (
        housekeeping_ops.integration_logs_cleanup(jobs.LOGS_CLEANUP),
        housekeeping_ops.month_partitions(jobs.MONTH_PARTITIONS),
    )
    return Definitions(
        assets=[
            raw_amocrm.build(days),
            raw_radist.build(days),
            raw_phone_lookups.build(days),
            dbt_models.build(project, days),
            *reports.build(days),
            delivery.build(days),
            export.build(days),
        ],
        asset_checks=asset_checks.build(),
        jobs=[*asset_jobs.values(), forced_report_job, *daily_jobs],
        schedules=schedules.build(asset_jobs[jobs.DAILY_REPORT], *daily_jobs),
        sensors=[
            *sensors.build(asset_jobs),
            *run_request_sensors.build({**asset_jobs, jobs.FORCED_REPORT: forced_report_job}),
            export_sensors.build(asset_jobs[jobs.SUPABASE_EXPORT]),
        ],
        executor=in_process_executor,
        resources={
            "platform": PlatformResource(),
            "tenant_run": TenantRunResource(platform=PlatformResource()),
            **overrides,
        },
    )


defs = build_defs(load_settings())
