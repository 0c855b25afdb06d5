"""Run requests that Synkro makes by itself: pending rows of ``app.job_runs``.

What lives here: asking for a day to be gone on with. Launching what is pending is
``run_requests_sensor``.
"""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID

from synkro_assets.storage.business_days import DayPlan
from synkro_assets.storage.database import Connection


def ask_to_go_on(
    connection: Connection, tenant_id: UUID, plan: DayPlan, source: str, progress: Any
) -> None:
    """Ask for another run of a day that a limit cut; the same ``progress`` asks once.

    A reading that brought nothing new asks for nothing: it would ask for ever.
    """
    found = hashlib.sha256(repr(progress).encode()).hexdigest()[:16]
    connection.execute(
        "insert into app.job_runs (tenant_id, job_type, mode, trigger_type, first_business_day, "
        "business_day, window_start, window_end, idempotency_key, requested_by) "
        "values (%s, 'daily_report', %s, 'backfill', %s, %s, %s, %s, %s, 'synkro') "
        "on conflict (tenant_id, idempotency_key) do nothing",
        [
            tenant_id, plan.mode, plan.business_day, plan.business_day,
            plan.window.start, plan.window.end,
            f"go-on:{source}:{plan.business_day}:{found}",
        ],
    )  # fmt: skip
