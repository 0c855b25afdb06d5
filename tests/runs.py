"""Running a tenant's day as ``synkro run`` does, in this process, and looking at what it left.

What lives here: a run in its own environment, and what the database and Dagster hold afterwards.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from psycopg import sql

from synkro_assets.commands.dagster_runs import dagster_instance
from synkro_assets.commands.run import DayRun, run_day
from synkro_assets.domain.business_day import BusinessDay
from synkro_assets.operations.platform import Platform
from synkro_assets.operations.tenant_run import RunOrder, TenantRun, begin_run
from synkro_assets.settings import Settings, load_settings
from tests.stage import Scene

if TYPE_CHECKING:
    from dagster import DagsterInstance

# A second reading is later than the first and belongs to another run.
_OF_THE_RUN = {
    "raw": ("fetched_at", "run_id"),
    "marts": ("fetched_at", "run_id"),
    "app": ("created_at", "updated_at", "job_run_id"),
}
_OUTCOME = ("app.report_facts", "app.reports", "app.deliveries", "app.business_day_windows")


@contextmanager
def installed(platform: Platform) -> Iterator[Settings]:
    """The environment of an installation, for as long as the block lasts."""
    before = dict(os.environ)
    os.environ["SYNKRO_HOME"] = str(platform.home)
    os.environ["SYNKRO_DATABASE_URL"] = platform.database.url
    try:
        yield load_settings()
    finally:
        os.environ.clear()
        os.environ.update(before)


def run(scene: Scene, *, deliver: bool = True) -> DayRun:
    """The scene's day, from the providers to the chat."""
    with installed(scene.platform) as settings:
        return run_day(settings, scene.platform, scene.tenant, scene.day, deliver=deliver)


@contextmanager
def dagster_of(platform: Platform) -> Iterator[DagsterInstance]:
    """Dagster's storage of an installation."""
    with (
        installed(platform) as settings,
        dagster_instance(settings, platform.database.url) as instance,
    ):
        yield instance


def order(*days: BusinessDay, **changes: Any) -> RunOrder:
    """An order for days of a tenant by nobody in particular."""
    asked = {
        "job_type": "daily_report",
        "trigger_type": "manual",
        "requested_by": "a test",
        "dagster_run_id": f"none-{os.urandom(4).hex()}",
    }
    return RunOrder(days=days, **(asked | changes))


@contextmanager
def claimed(scene: Scene, *days: BusinessDay) -> Iterator[TenantRun]:
    """A run of some days, or of the scene's, without Dagster."""
    begun = begin_run(scene.platform, scene.tenant, order(*(days or [scene.day])))
    try:
        yield begun
    finally:
        begun.close("success", None)


def stored_rows(scene: Scene) -> dict[str, list[Any]]:
    """All that is stored of the tenant's days, by table, without what differs from run to run."""
    tables = scene.rows(
        "select schemaname || '.' || tablename as name from pg_tables "
        "where schemaname in ('raw', 'marts')"
    )
    return {name: rows_of(scene, name) for name in (*(t["name"] for t in tables), *_OUTCOME)}


def rows_of(scene: Scene, table: str) -> list[Any]:
    """A table's rows of the tenant, in an order of their own."""
    schema, name = table.split(".")
    with scene.platform.database.tenant_transaction(scene.tenant.tenant_id) as connection:
        found = connection.execute(
            sql.SQL(
                "select row from (select to_jsonb(stored) - %s::text[] as row from {} as stored "
                "where tenant_id = %s) as rows order by row::text"
            ).format(sql.Identifier(schema, name)),
            [list(_OF_THE_RUN[schema]), scene.tenant.tenant_id],
        )
        return [each["row"] for each in found]
