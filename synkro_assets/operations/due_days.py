"""Which business days a tenant's schedule owes a report for.

What lives here: the rule. Asking for the runs is ``schedules``; tenants come from ``storage``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from synkro_assets.domain.business_day import BusinessDay
from synkro_assets.domain.tenant import RuntimeConfig, Tenant
from synkro_assets.operations.platform import Platform
from synkro_assets.storage.reports import reported_days
from synkro_assets.storage.tenants import all_tenants

# After a longer absence the data team chooses what to backfill.
MAX_CATCH_UP_DAYS = 7


@dataclass(frozen=True, slots=True)
class DueDay:
    """A closed day whose report is due; ``due_at`` is aware UTC.

    ``is_newest`` marks the tenant's last due day, the one somebody waits for: its report is to be
    sent even if the day after closes while it is being made.
    """

    tenant: Tenant
    day: BusinessDay
    due_at: datetime
    is_newest: bool = False


def due_at(config: RuntimeConfig, day: BusinessDay) -> datetime:
    """When a day's report is to be made: the first ``scheduled_run_time`` at or after its end."""
    end = config.calendar.window(day).end
    zone = config.calendar.zone
    local_date = end.astimezone(zone).date()
    for shift in range(3):
        wall = datetime.combine(
            local_date + timedelta(days=shift), config.scheduled_run_time, tzinfo=zone
        )
        # Through UTC, so that a wall time which a clock change skips still names an instant.
        moment = wall.astimezone(UTC)
        if moment >= end:
            return moment
    raise ValueError(f"no {config.scheduled_run_time} follows {end.isoformat()}")


def due_days(tenant: Tenant, now: datetime) -> list[DueDay]:
    """The days whose time has come by ``now``, oldest first, at most MAX_CATCH_UP_DAYS of them.

    The latest one is due however long the schedule is on; earlier ones only if they came due after
    it was switched on, since what came before was nobody's promise.
    """
    config = tenant.config
    if tenant.status != "active" or not config.is_schedule_enabled:
        return []
    latest = config.calendar.latest_closed(now)
    days = [BusinessDay(latest - timedelta(days=ago)) for ago in range(MAX_CATCH_UP_DAYS + 1)]
    due = [DueDay(tenant, day, due_at(config, day)) for day in days if _has_length(config, day)]
    passed = [each for each in due if each.due_at <= now][:MAX_CATCH_UP_DAYS]
    passed[:1] = [replace(each, is_newest=True) for each in passed[:1]]
    since = config.schedule_enabled_at
    if since is None or since > now:
        return passed[::-1]
    promised = [each for number, each in enumerate(passed) if number == 0 or each.due_at > since]
    return promised[::-1]


def all_due_days(platform: Platform, now: datetime) -> list[DueDay]:
    """The due days of every tenant that have no daily report yet."""
    earliest = now.date() - timedelta(days=MAX_CATCH_UP_DAYS + 3)
    with platform.database.console_transaction() as connection:
        tenants = all_tenants(connection)
        reported = reported_days(connection, earliest)
    due = [each for tenant in tenants for each in due_days(tenant, now)]
    return [each for each in due if (each.tenant.tenant_id, each.day) not in reported]


def _has_length(config: RuntimeConfig, day: BusinessDay) -> bool:
    return bool(config.calendar.window(day).duration)
