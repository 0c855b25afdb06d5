"""Turning a person's ``KEY=VALUE`` words into a tenant's values, and saving them.

What lives here: parsing and the rules a single value can break. Storing is ``storage/tenants.py``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import time
from typing import Any

from synkro_assets.domain.business_day import zone_named
from synkro_assets.domain.errors import UsageProblem
from synkro_assets.domain.tenant import Tenant, TenantSlug, parse_mode
from synkro_assets.operations.platform import Platform
from synkro_assets.storage.tenants import all_tenants, create_tenant, tenant_by_slug, update_tenant

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TIME_OF_DAY = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")


def _text(value: str) -> str:
    return value.strip()


def _whole_number(value: str) -> int:
    try:
        return int(value)
    except ValueError:
        raise UsageProblem(f"{value!r} is not a whole number") from None


def _time_of_day(value: str) -> time:
    if not _TIME_OF_DAY.fullmatch(value):
        raise UsageProblem(f"{value!r} is not a time of day: write it as HH:MM")
    return time.fromisoformat(value)


def _yes_or_no(value: str) -> bool:
    known = {"yes": True, "true": True, "no": False, "false": False}
    if value.lower() not in known:
        raise UsageProblem(f"{value!r} is neither yes nor no")
    return known[value.lower()]


def _timezone(value: str) -> str:
    zone_named(value)
    return value


def _working_hours(value: str) -> dict[str, Any]:
    try:
        hours = json.loads(value)
        for day, intervals in hours.items():
            if day not in _WEEKDAYS:
                raise ValueError(day)
            _require_ordered(intervals)
    except (ValueError, TypeError, AttributeError):
        raise UsageProblem(
            "working_hours is not readable: write JSON such as "
            '{"mon": [["09:00", "18:00"]], "sat": []}'
        ) from None
    return {day: hours.get(day, []) for day in _WEEKDAYS}


def _require_ordered(intervals: list[tuple[str, str]]) -> None:
    """Raise ValueError unless a day's intervals follow each other without overlap."""
    free_from = time.min
    for start, end in intervals:
        begin = _time_of_day(start)
        finish = time.max if end == "24:00" else _time_of_day(end)
        if not free_from <= begin < finish:
            raise ValueError(start)
        free_from = finish


_TENANT_KEYS: dict[str, Callable[[str], Any]] = {
    "name": _text,
    "status": _text,
    "language": _text,
    "default_region": _text,
}

_CONFIG_KEYS: dict[str, Callable[[str], Any]] = {
    "mode": parse_mode,
    "timezone": _timezone,
    "business_day_start": _time_of_day,
    "scheduled_run_time": _time_of_day,
    "is_schedule_enabled": _yes_or_no,
    "working_hours": _working_hours,
    **dict.fromkeys(
        (
            "max_force_lookback_days", "max_force_window_hours", "radist_fetch_limit",
            "max_amo_leads", "max_amo_contacts", "max_radist_contact_pages",
            "max_radist_candidates", "max_radist_message_pages", "min_dialogs_for_report",
            "telegram_followup_minutes",
        ),
        _whole_number,
    ),
}  # fmt: skip


def parse_settings(pairs: Sequence[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """``KEY=VALUE`` words as values of the tenant and of its runtime configuration."""
    tenant: dict[str, Any] = {}
    config: dict[str, Any] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise UsageProblem(f"{pair!r} is not KEY=VALUE")
        target, parse = (
            (tenant, _TENANT_KEYS[key]) if key in _TENANT_KEYS else (config, _CONFIG_KEYS.get(key))
        )
        if parse is None:
            known = ", ".join(sorted(_TENANT_KEYS | _CONFIG_KEYS))
            raise UsageProblem(f"unknown setting {key!r}: there are {known}")
        try:
            target[key] = parse(value)
        except UsageProblem as problem:
            raise UsageProblem(f"{key}: {problem}") from None
    return tenant, config


def add_tenant(
    platform: Platform, slug: TenantSlug, name: str, timezone: str, mode: str, pairs: Sequence[str]
) -> Tenant:
    """Create a tenant; nothing is left behind when any of its values is wrong."""
    tenant, config = parse_settings(pairs)
    first = {"name": name, "timezone": _timezone(timezone), **tenant}
    rules = {"timezone": timezone, "mode": parse_mode(mode), **config}
    with platform.database.console_transaction() as connection:
        create_tenant(connection, slug, first, _noting_the_schedule(rules, platform))
        return tenant_by_slug(connection, slug)


def set_tenant(platform: Platform, slug: TenantSlug, pairs: Sequence[str]) -> Tenant:
    """Change settings of a tenant, all of them or none."""
    tenant, config = parse_settings(pairs)
    with platform.database.console_transaction() as connection:
        found = tenant_by_slug(connection, slug)
        if not found.config.is_schedule_enabled:
            config = _noting_the_schedule(config, platform)
        update_tenant(connection, found.tenant_id, tenant, config)
        return tenant_by_slug(connection, slug)


def _noting_the_schedule(config: dict[str, Any], platform: Platform) -> dict[str, Any]:
    """With the instant at which the schedule is switched on, if these settings do that."""
    if config.get("is_schedule_enabled"):
        return {**config, "schedule_enabled_at": platform.clock.now()}
    return config


def find_tenant(platform: Platform, slug: TenantSlug) -> Tenant:
    """The tenant of a slug; raises UnknownTenant."""
    with platform.database.console_transaction() as connection:
        return tenant_by_slug(connection, slug)


def list_tenants(platform: Platform) -> list[Tenant]:
    """Every tenant, by slug."""
    with platform.database.console_transaction() as connection:
        return all_tenants(connection)


def described(tenant: Tenant) -> dict[str, Any]:
    """A tenant as plain values: ids and times as text."""
    values = {
        **asdict(tenant),
        "config": {**asdict(tenant.config), "mode": tenant.config.mode.value},
    }
    return json.loads(json.dumps(values, default=str))  # type: ignore[no-any-return]  # a dict stays a dict
