"""A tenant and its runtime configuration, as the rest of the code speaks of them.

What lives here: slugs, modes and limits with the rules a single value can break. Storing them is
``storage/tenants.py``; turning ``KEY=VALUE`` text into them is ``operations/tenant_config.py``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, time
from enum import StrEnum
from typing import Any, NewType
from uuid import UUID

from synkro_assets.domain.business_day import BusinessCalendar
from synkro_assets.domain.errors import UsageProblem

TenantSlug = NewType("TenantSlug", str)

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{1,38}")


class Mode(StrEnum):
    """Which sources a tenant has."""

    AMOCRM_RADIST = "amocrm_radist"
    RADIST_ONLY = "radist_only"
    AMOCRM_ONLY = "amocrm_only"

    @property
    def reads_amocrm(self) -> bool:
        return self is not Mode.RADIST_ONLY

    @property
    def reads_radist(self) -> bool:
        return self is not Mode.AMOCRM_ONLY


@dataclass(frozen=True, slots=True)
class RuntimeConfig:
    """What rules a tenant's runs; times of day are local to ``timezone``."""

    mode: Mode
    timezone: str
    business_day_start: time
    scheduled_run_time: time
    is_schedule_enabled: bool
    max_force_lookback_days: int
    max_force_window_hours: int
    radist_fetch_limit: int
    max_amo_leads: int
    max_amo_contacts: int
    max_radist_contact_pages: int
    max_radist_candidates: int
    max_radist_message_pages: int
    min_dialogs_for_report: int
    telegram_followup_minutes: int
    working_hours: dict[str, Any] = field(hash=False)
    schedule_enabled_at: datetime | None = None
    config_version: int = 1

    @property
    def calendar(self) -> BusinessCalendar:
        return BusinessCalendar(self.timezone, self.business_day_start)


@dataclass(frozen=True, slots=True)
class Tenant:
    """A company whose sales days are collected and reported."""

    tenant_id: UUID
    slug: TenantSlug
    name: str
    status: str
    timezone: str
    language: str
    default_region: str
    config: RuntimeConfig


def parse_slug(text: str) -> TenantSlug:
    """A well-formed slug; raises UsageProblem otherwise."""
    if not _SLUG.fullmatch(text):
        raise UsageProblem(
            f"{text!r} is not a tenant slug: use 2 to 39 lower-case letters, digits and hyphens, "
            "beginning with a letter or digit"
        )
    return TenantSlug(text)


def parse_mode(text: str) -> Mode:
    """A mode by its name; raises UsageProblem otherwise."""
    try:
        return Mode(text)
    except ValueError:
        names = ", ".join(mode.value for mode in Mode)
        raise UsageProblem(f"unknown mode {text!r}: choose one of {names}") from None
