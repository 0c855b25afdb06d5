"""A tenant without a database, with the settings a new one gets."""

from __future__ import annotations

from datetime import time
from uuid import UUID

from synkro_assets.domain.tenant import Mode, RuntimeConfig, Tenant, TenantSlug


def a_tenant() -> Tenant:
    """Acme in Moscow; its day closes at 22:01 and is reported at 22:10."""
    config = RuntimeConfig(
        mode=Mode.AMOCRM_RADIST,
        timezone="Europe/Moscow",
        business_day_start=time(22, 1),
        scheduled_run_time=time(22, 10),
        is_schedule_enabled=False,
        max_force_lookback_days=3,
        max_force_window_hours=24,
        radist_fetch_limit=3000,
        max_amo_leads=5000,
        max_amo_contacts=5000,
        max_radist_contact_pages=200,
        max_radist_candidates=3000,
        max_radist_message_pages=50,
        min_dialogs_for_report=1,
        telegram_followup_minutes=60,
        working_hours={},
    )
    return Tenant(
        tenant_id=UUID("00000000-0000-0000-0000-00000000ac3e"),
        slug=TenantSlug("acme"),
        name="Acme",
        status="active",
        timezone="Europe/Moscow",
        language="ru",
        default_region="RU",
        config=config,
    )
