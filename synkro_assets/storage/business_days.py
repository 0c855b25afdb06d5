"""The windows that stored days were read with: ``app.business_day_windows``.

What lives here: fixing a day's window at its first run, so that a later change of zone, start, mode
or working hours concerns later days only. The rule itself is ``domain/business_day.py``.
"""

from __future__ import annotations

from dataclasses import dataclass

from psycopg.types.json import Jsonb

from synkro_assets.domain.business_day import BusinessDay, Window
from synkro_assets.domain.tenant import Mode, Tenant
from synkro_assets.storage.database import Connection


@dataclass(frozen=True, slots=True)
class DayPlan:
    """How one business day of a tenant is read: its window and mode."""

    business_day: BusinessDay
    window: Window
    timezone: str
    mode: Mode


def day_plan(connection: Connection, tenant: Tenant, day: BusinessDay) -> DayPlan:
    """The stored plan of a day, or one by today's configuration, stored from now on."""
    config = tenant.config
    window = config.calendar.window(day)
    connection.execute(
        "insert into app.business_day_windows (tenant_id, business_day, window_start, window_end, "
        "timezone, business_day_start, mode, working_hours, config_version) "
        "values (%s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing",
        [
            tenant.tenant_id,
            day,
            window.start,
            window.end,
            config.timezone,
            config.business_day_start,
            config.mode,
            Jsonb(config.working_hours),
            config.config_version,
        ],
    )
    row = connection.execute(
        "select window_start, window_end, timezone, mode from app.business_day_windows "
        "where tenant_id = %s and business_day = %s",
        [tenant.tenant_id, day],
    ).fetchone()
    assert row is not None
    return DayPlan(
        business_day=day,
        window=Window(row["window_start"], row["window_end"]),
        timezone=row["timezone"],
        mode=Mode(row["mode"]),
    )
