"""``python -m benchmarks [NAME …]``: run them, print the table, end 1 when a bound is broken.

What lives here: which benchmarks there are and in what order they run.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from benchmarks.backfill import measure_backfill
from benchmarks.fixed_cost import measure_fixed_cost
from benchmarks.integration_log import measure_integration_log
from benchmarks.large_backfill import measure_large_backfill
from benchmarks.load_rate import measure_load_rate
from benchmarks.many_tenants import measure_many_tenants
from benchmarks.paced_sync import measure_paced_sync
from benchmarks.sources import measure_sources
from benchmarks.stage import Stage, stage
from benchmarks.sync_rate import measure_sync_rate
from benchmarks.table import Line, drawn
from benchmarks.volume import measure_volume

BENCHMARKS: dict[str, Callable[[Stage], list[Line]]] = {
    "load_rate": measure_load_rate,
    "fixed_cost": measure_fixed_cost,
    "backfill": measure_backfill,
    "volume": measure_volume,
    "large_backfill": measure_large_backfill,
    "many_tenants": measure_many_tenants,
    "sources": measure_sources,
    "sync_rate": measure_sync_rate,
    "paced_sync": measure_paced_sync,
    "integration_log": measure_integration_log,
}


def main(names: Sequence[str]) -> int:
    """Run the named benchmarks, or all; 0 when every bound holds."""
    unknown = sorted(set(names) - set(BENCHMARKS))
    if unknown:
        print(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
        return 2
    lines: list[Line] = []
    with stage() as prepared:
        for name in names or BENCHMARKS:
            print(f"{name} …", file=sys.stderr, flush=True)
            found = BENCHMARKS[name](prepared)
            print(drawn(found), file=sys.stderr, flush=True)
            lines += found
    print(drawn(lines))
    return 0 if all(line.holds for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
