"""A month of one tenant at once, against one day.

What lives here: ``synkro backfill`` measured. The cold day is that of ``fixed_cost``.
"""

from __future__ import annotations

from datetime import timedelta

from benchmarks.fixed_cost import DIALOGS, REPEATS, run
from benchmarks.processes import measure_synkro
from benchmarks.stage import Stage
from benchmarks.table import Line, at_most, noted
from synkro_assets.domain.business_day import BusinessDay

DAYS = 30


def measure_backfill(stage: Stage) -> list[Line]:
    """CPU of ``synkro backfill`` over 30 small days and of ``synkro run`` over the last of them.

    The bound of the issue, 4 times: a range is one query per source and one dbt build, so its
    days share the start of the process, the imports and dbt's thirty milliseconds per model and
    test; what is left per day is its own rows.
    """
    tenant = stage.tenant("month")
    last = BusinessDay(stage.latest_closed(tenant) - timedelta(days=1))
    days = [BusinessDay(last - timedelta(days=n)) for n in reversed(range(DAYS))]
    for day in days:
        stage.load(tenant, day, dialogs=DIALOGS)
    month = measure_synkro(
        stage.environment, "backfill", tenant.slug, "--from", str(days[0]), "--to", str(last)
    )
    cold = min(run(stage, tenant, last).cpu for _ in range(REPEATS))
    return [
        noted("backfill of 30 days, CPU", month.cpu, "s"),
        noted("backfill of 30 days", month.wall, "s"),
        noted("peak memory of the backfill", month.peak_mib, "MiB"),
        at_most("CPU of 30 days against one cold day", month.cpu / cold, 4, "x"),
    ]
