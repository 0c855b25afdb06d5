"""What is owed to tenants' own Supabase projects: ``app.exports``, one row per business day.

What lives here: the states a day goes through (``pending``, ``done``) and when it is due again. The
rows that go there are read by ``day_export``; sending them is ``delivery/supabase_export.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from psycopg.types.json import Jsonb

from synkro_assets.domain.business_day import BusinessDay
from synkro_assets.domain.tenant import TenantSlug
from synkro_assets.storage.database import Connection

# A command that makes a report also exports it: the daemon leaves a tenant alone for so long after
# a run, or it would take the tenant's claim from a command between two of its runs.
QUIET_SECONDS = 60
# An export that was begun and never ended, with its process, is due again after this long.
LEASE_MINUTES = 30
# A project that stays away is asked ten minutes later, then after twice as long each time.
FIRST_PAUSE_MINUTES, LONGEST_PAUSE_MINUTES = 10, 360


def owe_export(connection: Connection, tenant_id: UUID, day: date) -> bool:
    """Note that a day is to be exported; false when the tenant has no project to export it to."""
    done = connection.execute(
        "insert into app.exports (tenant_id, business_day, target) "
        "select tenant_id, %s, 'supabase' from app.integration_configs "
        "where tenant_id = %s and kind = 'supabase' "
        "on conflict (tenant_id, business_day, target) do update set status = 'pending', "
        "attempts = 0, next_attempt_at = now(), last_error = null",
        [day, tenant_id],
    )
    return done.rowcount > 0


def is_owed(connection: Connection, tenant_id: UUID, day: date) -> bool:
    """Whether a day waits to be exported to a project that the tenant still has."""
    row = connection.execute(
        "select 1 as owed from app.exports as owed join app.integration_configs as integration "
        "on integration.tenant_id = owed.tenant_id and integration.kind = owed.target "
        "where owed.tenant_id = %s and owed.business_day = %s and owed.status = 'pending'",
        [tenant_id, day],
    ).fetchone()
    return row is not None


def begin_export(connection: Connection, tenant_id: UUID, day: date) -> None:
    """Count an attempt; the day is not due again while it may be under way."""
    connection.execute(
        "insert into app.exports as export (tenant_id, business_day, target, attempts, "
        "next_attempt_at) values (%(tenant)s, %(day)s, 'supabase', 1, "
        "clock_timestamp() + make_interval(mins => %(lease)s)) "
        "on conflict (tenant_id, business_day, target) do update set status = 'pending', "
        "attempts = export.attempts + 1, next_attempt_at = excluded.next_attempt_at",
        {"tenant": tenant_id, "day": day, "lease": LEASE_MINUTES},
    )


def finish_export(
    connection: Connection, tenant_id: UUID, day: date, rows_by_table: Mapping[str, int]
) -> None:
    """The day is there, whole."""
    connection.execute(
        "update app.exports set status = 'done', last_error = null, rows_by_table = %s, "
        "exported_at = clock_timestamp() "
        "where tenant_id = %s and business_day = %s and target = 'supabase'",
        [Jsonb(dict(rows_by_table)), tenant_id, day],
    )


def postpone_export(connection: Connection, tenant_id: UUID, day: date, error: str) -> None:
    """The day could not be exported; it is due again after a pause that grows."""
    connection.execute(
        "update app.exports set last_error = %s, next_attempt_at = clock_timestamp() + "
        "make_interval(mins => least(%s::integer, (%s * 2 ^ least(greatest(attempts, 1) - 1, 10))"
        "::integer)) where tenant_id = %s and business_day = %s and target = 'supabase'",
        [error, LONGEST_PAUSE_MINUTES, FIRST_PAUSE_MINUTES, tenant_id, day],
    )


@dataclass(frozen=True, slots=True)
class DueExport:
    """A day to export now; ``key`` changes with each attempt and each new report of the day."""

    slug: TenantSlug
    day: BusinessDay
    key: str


def exports_due(connection: Connection) -> list[DueExport]:
    """The days of all tenants to export now; none of a tenant that a run is or was just at."""
    rows = connection.execute(
        "select tenant.slug, owed.business_day as day, "
        "extract(epoch from owed.next_attempt_at) || '|' || owed.attempts as key "
        "from app.exports as owed join app.tenants as tenant using (tenant_id) "
        "join app.integration_configs as integration "
        "on integration.tenant_id = owed.tenant_id and integration.kind = owed.target "
        "where owed.status = 'pending' and owed.next_attempt_at <= clock_timestamp() "
        "and tenant.status = 'active' and not exists (select from app.job_runs as run "
        "  where run.tenant_id = owed.tenant_id and (run.status in ('pending', 'running') "
        "  or run.finished_at > clock_timestamp() - make_interval(secs => %s))) "
        "order by 1, 2",
        [QUIET_SECONDS],
    )
    return [DueExport(**row) for row in rows]
