"""Forced reports: which windows a tenant may ask for, and which business days they touch.

What lives here: the limits and the days. Making the report is ``forced_report.py``.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from synkro_assets.domain.business_day import BusinessDay, Window, days_between
from synkro_assets.domain.errors import UsageProblem
from synkro_assets.domain.tenant import Tenant


def require_allowed(
    tenant: Tenant, window: Window, now: datetime, grace: timedelta = timedelta(0)
) -> None:
    """Raise UsageProblem, naming the limit, for a window this tenant may not ask for.

    ``grace`` is how long ago the window may have been asked for.
    """
    config = tenant.config
    if window.start >= window.end:
        raise UsageProblem("--from must be earlier than --to: the window is empty")
    if window.end > now:
        raise UsageProblem(
            f"the window ends in the future: --to may be {now:%Y-%m-%d %H:%M} UTC at the latest"
        )
    if window.duration > timedelta(hours=config.max_force_window_hours):
        raise UsageProblem(
            f"the window is longer than {tenant.slug}'s limit max_force_window_hours="
            f"{config.max_force_window_hours}: choose a shorter one or raise the limit with "
            f"'synkro tenants set {tenant.slug} max_force_window_hours=…'"
        )
    earliest = now - timedelta(days=config.max_force_lookback_days)
    if window.start < earliest - grace:
        raise UsageProblem(
            f"the window begins before {earliest:%Y-%m-%d %H:%M} UTC, {tenant.slug}'s limit "
            f"max_force_lookback_days={config.max_force_lookback_days}: choose a later one or "
            f"raise the limit with 'synkro tenants set {tenant.slug} max_force_lookback_days=…'"
        )


def touched_days(tenant: Tenant, window: Window) -> list[BusinessDay]:
    """The business days that hold a part of a window, in order.

    A window that ends exactly at a day's end does not touch the next one.
    """
    calendar = tenant.config.calendar
    last = calendar.label(window.end - timedelta(microseconds=1))
    return days_between(calendar.label(window.start), last)
