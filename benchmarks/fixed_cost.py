"""What a tenant-day costs however small it is.

What lives here: starting processes and comparing them. The programs are ``synkro run``,
``second_day`` and ``default_executor``.
"""

from __future__ import annotations

import json
import sys
from datetime import timedelta

from benchmarks.processes import Measured, measure, measure_synkro
from benchmarks.stage import Stage
from benchmarks.table import Line, at_most, noted
from synkro_assets.domain.business_day import BusinessDay
from synkro_assets.domain.tenant import Tenant

DIALOGS = 5
REPEATS = 3


def measure_fixed_cost(stage: Stage) -> list[Line]:
    """A day of five dialogs, from the start of the process to its end, on a warm database.

    Bounds of the issue: a person who types ``synkro run`` waits 12 s at most, nearly half of it
    imports; Dagster's default of a process per step and dbt's command line cost at least three
    times the CPU, which is why neither is used; in a process that runs already (a backfill, the
    demo) a day takes 4 s. The smallest of several runs is taken: what is added by other programs on
    the machine is no cost of ours.
    """
    tenant = stage.tenant("small")
    days = [BusinessDay(stage.latest_closed(tenant) - timedelta(days=n)) for n in range(1, 4)]
    for day in days:
        stage.load(tenant, day, dialogs=DIALOGS)
    cold = [run(stage, tenant, days[0]) for _ in range(REPEATS)]
    wall, cpu = min(each.wall for each in cold), min(each.cpu for each in cold)
    default = _program(stage, "benchmarks.default_executor", tenant.slug, str(days[0]))
    imports = _imports(stage)
    return [
        at_most("cold tenant-day", wall, 12, "s"),
        noted("cold tenant-day, CPU", cpu, "s"),
        noted("the same with a process per step and dbt's command line, CPU", default.cpu, "s"),
        at_most("CPU against that default", cpu / default.cpu, 1 / 3, "x"),
        noted("import of the definitions alone, CPU", imports, "s"),
        noted("share of imports in a cold tenant-day, CPU", 100 * imports / cpu, "%"),
        at_most("second tenant-day in the same process", _second(stage, tenant, days), 4, "s"),
    ]


def run(stage: Stage, tenant: Tenant, day: BusinessDay) -> Measured:
    """``synkro run`` of a day in a process of its own."""
    return measure_synkro(stage.environment, "run", tenant.slug, "--day", str(day))


def _second(stage: Stage, tenant: Tenant, days: list[BusinessDay]) -> float:
    """The shortest day of a process but its first."""
    texts = [str(day) for day in days]
    done = _program(stage, "benchmarks.second_day", tenant.slug, *texts)
    return float(min(json.loads(done.stdout)[1:]))


def _imports(stage: Stage) -> float:
    program = [sys.executable, "-c", "import synkro_assets.definitions"]
    return min(measure(program, stage.environment).cpu for _ in range(REPEATS))


def _program(stage: Stage, module: str, *arguments: str) -> Measured:
    return measure([sys.executable, "-m", module, *arguments], stage.environment)
