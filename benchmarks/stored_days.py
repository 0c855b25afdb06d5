"""A source's days read and stored as a run does it: ``stored_days.py SOURCE SLUG FIRST LAST``.

What lives here: the program that ``paced_sync`` measures; it prints when the work began and ended
(seconds since 1970), its CPU seconds and the peak memory. Dagster and dbt take no part: what
follows the raw rows is ``backfill``'s and ``large_backfill``'s.
"""

from __future__ import annotations

import gc
import json
import sys
import time
import uuid

from benchmarks.launcher import peak_mib
from synkro_assets.assets.raw_amocrm import amocrm_source
from synkro_assets.assets.raw_radist import radist_source
from synkro_assets.assets.raw_specs import load_days
from synkro_assets.domain.business_day import days_between, parse_business_day
from synkro_assets.domain.tenant import parse_slug
from synkro_assets.operations.tenant_config import find_tenant
from synkro_assets.operations.tenant_run import RunOrder, begin_run
from synkro_assets.settings import load_settings, platform

SOURCES = {"amocrm": amocrm_source, "radist": radist_source}


def main(source: str, slug: str, first: str, last: str) -> None:
    """Read and store the days; raises when one of them could not be."""
    # As a run does with what it has imported (``commands/dagster_runs.py``).
    gc.freeze()
    days = days_between(parse_business_day(first), parse_business_day(last))
    run_id = str(uuid.uuid4())
    order = RunOrder(days, "daily_report_job", "manual", "benchmark", run_id)
    with platform(load_settings()) as opened:
        run = begin_run(opened, find_tenant(opened, parse_slug(slug)), order)
        try:
            began, cpu = time.time(), time.process_time()
            outcomes = load_days(run, SOURCES[source](run, _unheard), run_id, _unheard)
            ended, cpu = time.time(), time.process_time() - cpu
            outcomes.require_all_done()
        finally:
            run.close("success", None)
    told = {"began": began, "ended": ended, "cpu": cpu, "peak_mib": peak_mib()}
    json.dump(told, sys.stdout)


def _unheard(_: str) -> None:
    """Nobody follows the progress of a measurement."""


if __name__ == "__main__":
    main(*sys.argv[1:])
