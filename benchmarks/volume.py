"""A day ten times as large: how its time and memory grow.

What lives here: ``synkro run`` over large days. The loader alone is ``load_rate``.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.dialogs import write_dialogs
from benchmarks.fixed_cost import run
from benchmarks.processes import Measured
from benchmarks.stage import Stage
from benchmarks.table import Line, at_most, noted

MESSAGES_PER_DIALOG = 12
SMALL, LARGE = 500, 5_000
REPEATS = 2


@dataclass(frozen=True, slots=True)
class _Day:
    """A run and how long the simulated providers worked for it."""

    run: Measured
    provider_seconds: float

    @property
    def own_seconds(self) -> float:
        return self.run.wall - self.provider_seconds


def measure_volume(stage: Stage) -> list[Line]:
    """Days of 500 and 5,000 conversations with 12 messages each, read, built and reported cold.

    Bounds of the issue: ten times the messages cost 3 times the time at most, so nothing in a day
    grows faster than its rows; 450 MiB hold a day of any company, so that a small machine runs it.
    The seconds the simulators spent in their handlers are theirs and are subtracted.
    """
    small = min((_day(stage, SMALL) for _ in range(REPEATS)), key=lambda day: day.own_seconds)
    large = min((_day(stage, LARGE) for _ in range(REPEATS)), key=lambda day: day.own_seconds)
    return [
        noted("day of 500 dialogs / 6,000 messages", small.own_seconds, "s"),
        noted("day of 5,000 dialogs / 60,000 messages", large.own_seconds, "s"),
        at_most(
            "the larger day against the smaller", large.own_seconds / small.own_seconds, 3, "x"
        ),
        noted("the same by CPU", large.run.cpu / small.run.cpu, "x"),
        at_most("peak memory of the larger day's run", large.run.peak_mib, 450, "MiB"),
    ]


def _day(stage: Stage, dialogs: int) -> _Day:
    tenant = stage.tenant(f"volume{dialogs}")
    day = stage.latest_closed(tenant)
    with tempfile.TemporaryDirectory(prefix="synkro-bench-") as folder:
        file = Path(folder) / "dialogs.jsonl"
        write_dialogs(file, dialogs, dialogs * MESSAGES_PER_DIALOG)
        stage.load(tenant, day, dialogs_file=str(file))
    stage.simulators.forget_requests()
    done = run(stage, tenant, day)
    return _Day(done, stage.simulators.handler_seconds())
