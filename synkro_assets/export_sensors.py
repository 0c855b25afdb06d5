"""The sensor that asks for exports to tenants' own Supabase projects.

What lives here: the look and what it asks of Dagster. What is owed when is ``storage/exports.py``;
tenants without a project owe nothing. The other sensors are ``sensors``.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby

from dagster import (
    DefaultSensorStatus,
    RunRequest,
    SensorDefinition,
    SensorEvaluationContext,
    SkipReason,
    sensor,
)
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from synkro_assets.assets.raw_specs import REST_BACKFILL
from synkro_assets.domain.business_day import stretches
from synkro_assets.operations.supabase_export import due_exports
from synkro_assets.partitions import range_tags, run_tags
from synkro_assets.resources import REQUESTED_BY_TAG, TRIGGER_TAG
from synkro_assets.settings import load_settings, platform
from synkro_assets.storage.exports import DueExport


def build(export_job: UnresolvedAssetJobDefinition) -> SensorDefinition:
    """The sensor over the job that exports."""

    @sensor(
        name="supabase_export_sensor",
        job=export_job,
        minimum_interval_seconds=15,
        default_status=DefaultSensorStatus.RUNNING,
        description="Exports the days that are owed to tenants' own Supabase projects.",
    )
    def supabase_export_sensor(
        context: SensorEvaluationContext,
    ) -> Iterator[RunRequest | SkipReason]:
        with platform(load_settings()) as opened:
            due = due_exports(opened)
        if not due:
            yield SkipReason("no day is owed to anybody's Supabase project")
        for _, owed in groupby(due, key=lambda each: each.slug):
            yield _request(list(owed))

    return supabase_export_sensor


def _request(owed: Sequence[DueExport]) -> RunRequest:
    """A run for the first days of a tenant that follow each other; the next look asks for more."""
    slug = owed[0].slug
    first, last = stretches(each.day for each in owed)[0]
    days = [each for each in owed if first <= each.day <= last]
    days = days[: REST_BACKFILL.max_partitions_per_run]
    first, last = days[0].day, days[-1].day
    tags = run_tags(slug, first) if first == last else range_tags(slug, first, last)
    return RunRequest(
        run_key="|".join(["export", slug, str(first), str(last), days[0].key, days[-1].key]),
        tags=tags | {REQUESTED_BY_TAG: "supabase_export_sensor", TRIGGER_TAG: "schedule"},
    )
