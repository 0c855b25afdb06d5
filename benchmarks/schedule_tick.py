"""One evaluation of ``daily_report_schedule`` on the configured installation, timed.

What lives here: the program that ``many_tenants`` measures; it prints the seconds and how many runs
were asked for. Imports are not counted: a code server has them.
"""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import UTC, datetime

from dagster import build_schedule_context

from synkro_assets.commands.dagster_runs import dagster_instance
from synkro_assets.settings import load_settings

SCHEDULE = "daily_report_schedule"
REPEATS = 3


def main() -> None:
    """Evaluate the tick a few times; the shortest counts."""
    with dagster_instance(load_settings(), os.environ["SYNKRO_DATABASE_URL"]) as instance:
        from synkro_assets.definitions import defs

        schedule = defs.resolve_schedule_def(SCHEDULE)
        repository = defs.get_repository_def()
        seconds, requests = [], 0
        for _ in range(REPEATS):
            started = time.monotonic()
            with build_schedule_context(
                instance, datetime.now(UTC), repository_def=repository
            ) as context:
                requests = len(schedule.evaluate_tick(context).run_requests or [])
            seconds.append(time.monotonic() - started)
    json.dump({"seconds": min(seconds), "requests": requests}, sys.stdout)


if __name__ == "__main__":
    main()
