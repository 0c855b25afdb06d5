"""Synkro's own full sync as a program: ``python -m benchmarks.own_sync HOME URL SLUG DAY``.

What lives here: what ``raw_amocrm`` does of a tenant's day, without Dagster, in a process whose
time and memory can be laid beside those of ``rivals``. Comparing them is ``sync_rate``.
"""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

from benchmarks.rivals.cost import tell
from synkro_assets.domain.business_day import BusinessDay
from synkro_assets.domain.tenant import Tenant, parse_slug
from synkro_assets.ingestion.amocrm import fetch_day, raw_rows
from synkro_assets.operations.amocrm_references import held_references
from synkro_assets.operations.platform import Platform, SystemClock, open_platform
from synkro_assets.operations.provider_clients import amocrm_client
from synkro_assets.storage.raw_rows import AMOCRM_TABLES, Load, ensure_month, load_rows
from synkro_assets.storage.tenants import tenant_by_slug


def main(home: str, url: str, slug: str, day: str) -> None:
    """Read and load the day and print what that cost."""
    with open_platform(Path(home), url, None, SystemClock()) as platform:
        with platform.database.console_transaction() as connection:
            tenant = tenant_by_slug(connection, parse_slug(slug))
        tell(lambda: _sync(platform, tenant, BusinessDay(date.fromisoformat(day))))


def _sync(platform: Platform, tenant: Tenant, day: BusinessDay) -> None:
    held = held_references(platform, tenant)
    with amocrm_client(platform, tenant) as client:
        read = fetch_day(client, tenant.config.calendar.window(day), held=held)
    rows = raw_rows(read, tenant.default_region)
    load = Load(tenant.tenant_id, day, platform.clock.now(), "benchmark")
    with platform.database.tenant_transaction(tenant.tenant_id) as connection:
        ensure_month(connection, day)
        for table in AMOCRM_TABLES:
            load_rows(connection, table, load, rows[table.name])


if __name__ == "__main__":
    main(*sys.argv[1:])
