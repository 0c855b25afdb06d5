"""Two hundred tenants with four hundred days each: what Dagit's asset page and a tick take.

What lives here: the size of the installation and the two questions. The webserver and its queries
are ``dagit``.
"""

from __future__ import annotations

import json
import sys
from datetime import timedelta

from benchmarks.dagit import fill_history, page_seconds, require_materialized, serving
from benchmarks.processes import measure
from benchmarks.stage import Stage
from benchmarks.table import Line, at_most, noted
from synkro_assets.operations.tenant_config import set_tenant

TENANTS, DAYS, EVENTS = 200, 400, 50_000
ASSET = ["marts", "fct_dialogs"]


def measure_many_tenants(stage: Stage) -> list[Line]:
    """Dagit's own queries for an asset's page over 80,000 partitions with 50,000 materializations,
    asked of a real webserver and code server; and one evaluation of ``daily_report_schedule`` with
    200 tenants, none of whose reports is there.

    Bounds of the issue: 2 s each. A page that takes longer is not used; a tick that takes longer
    holds up the ticks of everything else in the daemon. Dagster keeps an asset's partition statuses
    and adds what is new, so the page is measured after one more materialization; the very first
    look, which reads the whole history, is only noted.
    """
    first_day = stage.platform.clock.now().date() - timedelta(days=DAYS)
    environment = {**stage.environment, "SYNKRO_FIRST_BUSINESS_DAY": first_day.isoformat()}
    slugs = []
    for number in range(TENANTS):
        tenant = stage.tenant(f"many{number}")
        set_tenant(stage.platform, tenant.slug, ["is_schedule_enabled=yes"])
        slugs.append(tenant.slug)
    fill_history(environment, slugs, first_day, DAYS, ASSET, EVENTS)
    with serving(environment) as url:
        first = sum(page_seconds(url, ASSET, slugs[0]).values())
        fill_history(environment, slugs, first_day, DAYS, ASSET, 1)
        page = page_seconds(url, ASSET, slugs[0])
        require_materialized(url, ASSET, EVENTS)
    tick = _tick(environment)
    return [
        noted("asset page, first look at the whole history", first, "s"),
        *(noted(f"asset page: {query}", seconds, "s") for query, seconds in page.items()),
        at_most("asset page data, 200 tenants x 400 days", sum(page.values()), 2, "s"),
        at_most("schedule tick, 200 tenants", tick, 2, "s"),
    ]


def _tick(environment: dict[str, str]) -> float:
    done = measure([sys.executable, "-m", "benchmarks.schedule_tick"], environment)
    told = json.loads(done.stdout)
    if told["requests"] < TENANTS:
        raise AssertionError(f"the tick asked for {told['requests']} runs: not every tenant is due")
    return float(told["seconds"])
