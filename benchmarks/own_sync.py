"""Synkro's own full sync as a program: ``python -m benchmarks.own_sync HOME URL SLUG DAY``.

What lives here: what ``raw_amocrm`` does of a tenant's day, without Dagster, in a process whose
time and memory can be laid beside those of ``rivals``. Comparing them is ``sync_rate``.
"""

from __future__ import annotations

import gc
import sys
import uuid
from pathlib import Path

import httpcore
import phonenumbers

from benchmarks.rivals.cost import tell
from synkro_assets.assets.raw_amocrm import amocrm_source
from synkro_assets.assets.raw_specs import load_days
from synkro_assets.domain.business_day import parse_business_day
from synkro_assets.domain.tenant import parse_slug
from synkro_assets.operations.platform import SystemClock, open_platform
from synkro_assets.operations.tenant_config import find_tenant
from synkro_assets.operations.tenant_run import RunOrder, TenantRun, begin_run

# Loaded when they are first needed; the rivals' libraries are there before the clock too.
assert httpcore, phonenumbers


def main(home: str, url: str, slug: str, day: str) -> None:
    """Read and load the day and print what that cost."""
    # As a run does with what it has imported (``commands/dagster_runs.py``).
    gc.freeze()
    days = [parse_business_day(day)]
    order = RunOrder(days, "daily_report_job", "manual", "benchmark", str(uuid.uuid4()))
    with open_platform(Path(home), url, None, SystemClock()) as platform:
        run = begin_run(platform, find_tenant(platform, parse_slug(slug)), order)
        try:
            tell(lambda: _sync(run))
        finally:
            run.close("success", None)


def _sync(run: TenantRun) -> None:
    load_days(run, amocrm_source(run, _unheard), "benchmark", _unheard).require_all_done()


def _unheard(_: str) -> None:
    """Nobody follows the progress of a measurement."""


if __name__ == "__main__":
    main(*sys.argv[1:])
