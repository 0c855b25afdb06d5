"""Exporting days to the tenant's own Supabase project, and remembering what is still owed.

What lives here: wiring an export to the run, the tenant's project and the stored rows. The export
is ``delivery/supabase_export.py``; the SQL that a project needs first is ``schema_sql`` here.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from synkro_assets.delivery.supabase_export import export_day
from synkro_assets.domain.business_day import BusinessDay
from synkro_assets.domain.errors import ClaimLost, ProviderError, WorkFailed
from synkro_assets.domain.tenant import Tenant
from synkro_assets.operations.day_batches import DayOutcomes, sentence
from synkro_assets.operations.platform import Platform
from synkro_assets.operations.provider_clients import supabase_client
from synkro_assets.operations.tenant_run import TenantRun
from synkro_assets.storage.day_export import exported_rows
from synkro_assets.storage.exports import (
    DueExport,
    begin_export,
    exports_due,
    finish_export,
    is_owed,
    postpone_export,
)
from synkro_assets.storage.reports import daily_report

STEP = "export/supabase"

# What a project refuses with these is wrong with the rows of one day; anything else with all days.
_OF_ONE_DAY = frozenset({400, 409, 413, 500})


def schema_sql(project_root: Path) -> str:
    """The SQL that makes or completes the tables in a tenant's project; may be run again."""
    folder = project_root / "supabase" / "tenant_project" / "migrations"
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.sql")))


def export_days(run: TenantRun) -> DayOutcomes[dict[str, int]]:
    """Export the run's days, each whole; rows by table for every day that is there now.

    A project that fails for one day is not asked for the next ones: they stay owed as well.
    """
    outcomes: DayOutcomes[dict[str, int]] = DayOutcomes()
    refused: Exception | None = None
    for day in run.days:
        try:
            if refused is not None:
                raise refused
            outcomes.done[day] = _export(run, day)
        except ClaimLost:
            raise
        except Exception as problem:
            outcomes.failed[day] = problem
            refused = problem if _concerns_all_days(problem) else refused
            with run.transaction() as connection:
                postpone_export(connection, run.tenant.tenant_id, day, sentence(problem))
    return outcomes


def is_day_owed(platform: Platform, tenant: Tenant, day: BusinessDay) -> bool:
    """Whether a day of a tenant waits to be exported."""
    with platform.database.tenant_transaction(tenant.tenant_id) as connection:
        return is_owed(connection, tenant.tenant_id, day)


def due_exports(platform: Platform) -> list[DueExport]:
    """The days of all tenants that are to be exported now."""
    with platform.database.console_transaction() as connection:
        return exports_due(connection)


def _export(run: TenantRun, day: BusinessDay) -> dict[str, int]:
    tenant, database = run.tenant, run.platform.database
    with run.transaction() as connection:
        if daily_report(connection, tenant.tenant_id, day) is None:
            raise WorkFailed(
                f"{day} of {tenant.slug} has no report yet, so there is nothing to export: run it "
                f"with 'synkro run {tenant.slug} --day {day}'"
            )
    with supabase_client(run.platform, tenant) as project:
        with run.transaction() as connection:
            begin_export(connection, tenant.tenant_id, day)
        counts = export_day(
            project,
            str(tenant.tenant_id),
            day,
            lambda table: exported_rows(database, table, tenant.tenant_id, day),
            partial(_say, run, day),
        )
    with run.transaction() as connection:
        finish_export(connection, tenant.tenant_id, day, counts)
    return counts


def _concerns_all_days(problem: Exception) -> bool:
    return isinstance(problem, ProviderError) and problem.status not in _OF_ONE_DAY


def _say(run: TenantRun, day: BusinessDay, message: str) -> None:
    run.log(f"{day}: {message}", step=STEP)
