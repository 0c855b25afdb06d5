"""How many requests a tenant-day of amoCRM costs.

What lives here: a day of 1,000 leads and 1,000 contacts read through the product's own client,
counted from the simulator's request log. How fast rows arrive is ``sync_rate``, and how the limit
of requests a second is kept is ``paced_sync``.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from benchmarks.stage import Stage
from benchmarks.table import Line, at_most, noted
from synkro_assets.domain.business_day import BusinessDay
from synkro_assets.domain.tenant import Tenant
from synkro_assets.ingestion.amocrm import AmoCrmDay, fetch_day, raw_rows
from synkro_assets.operations.amocrm_references import held_references
from synkro_assets.operations.provider_clients import amocrm_client
from synkro_assets.storage.raw_loading import load_rows
from synkro_assets.storage.raw_rows import AMOCRM_TABLES, Load, ensure_month

LEADS = 1_000
IMPORTS = 100


def measure_sources(stage: Stage) -> list[Line]:
    """A day with 1,000 leads and as many contacts, the tenant's first and then an ordinary one.

    The bound is the issue's, for the ordinary day: account, users, pipelines and loss reasons were
    read 24 hours before (``ingestion/amocrm_references.py`` says when they are read anew). Events
    come a hundred a page, so each hundred beyond one event per lead costs one request more.
    """
    tenant = stage.tenant("sources")
    day = _planted_day(stage, tenant)
    first = _requests(stage, tenant, day)
    _store(stage, tenant, day, _read(stage, tenant, day))
    ordinary = _requests(stage, tenant, day)
    read = _read(stage, tenant, day)
    return [
        noted("amoCRM day: leads", len(read.leads), ""),
        noted("amoCRM day: contacts", len(read.contacts), ""),
        noted("amoCRM day: events", len(read.events), ""),
        *(noted(f"requests of the day to {path}", n, "") for path, n in sorted(ordinary.items())),
        noted("requests of a tenant's first such day", sum(first.values()), ""),
        at_most("requests of the day", sum(ordinary.values()), 20, ""),
    ]


def _planted_day(stage: Stage, tenant: Tenant) -> BusinessDay:
    """A day of leads that came in all day long, each with its contact.

    It is the day before the simulated one, whose own leads would be counted besides.
    """
    simulated = stage.latest_closed(tenant)
    stage.load(tenant, simulated, dialogs=0)
    day = BusinessDay(simulated - timedelta(days=1))
    window = tenant.config.calendar.window(day)
    step = (window.end - window.start) / IMPORTS
    for number in range(IMPORTS):
        order = {"count": LEADS // IMPORTS, "at": (window.start + number * step).isoformat()}
        stage.simulators.ask("POST", f"amocrm/leads/{tenant.slug}", order)
    return day


def _requests(stage: Stage, tenant: Tenant, day: BusinessDay) -> Counter[str]:
    """What one reading asks, by path."""
    stage.simulators.forget_requests()
    _read(stage, tenant, day)
    log = stage.simulators.ask("GET", "log?provider=amocrm&limit=100000")
    return Counter(row["path"] for row in log["requests"])


def _read(stage: Stage, tenant: Tenant, day: BusinessDay) -> AmoCrmDay:
    held = held_references(stage.platform, tenant)
    with amocrm_client(stage.platform, tenant) as client:
        return fetch_day(client, tenant.config.calendar.window(day), held=held)


def _store(stage: Stage, tenant: Tenant, day: BusinessDay, read: AmoCrmDay) -> None:
    before = stage.platform.clock.now() - timedelta(days=1)
    load = Load(tenant.tenant_id, day, before, "benchmark")
    rows = raw_rows(read, tenant.default_region)
    with stage.platform.database.tenant_transaction(tenant.tenant_id) as connection:
        ensure_month(connection, day)
        for table in AMOCRM_TABLES:
            load_rows(connection, table, load, rows[table.name])
