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

    A reading that brought nothing new asks for nothing: it would ask for ever. Nor does one of a
    day that another source asked for: a run reads on in all of them.
    """
    found = hashlib.sha256(repr(progress).encode()).hexdigest()[:16]
    connection.execute(
        "insert into app.job_runs (tenant_id, job_type, mode, trigger_type, first_business_day, "
        "business_day, window_start, window_end, idempotency_key, requested_by) "
        "select %(tenant)s, 'daily_report', %(mode)s, 'backfill', %(day)s, %(day)s, %(start)s, "
        "%(end)s, %(asking)s || %(found)s, 'synkro' where not exists ("
        "select from app.job_runs where tenant_id = %(tenant)s and business_day = %(day)s "
        "and status = 'pending' and idempotency_key like 'go-on:%%' "
        "and not starts_with(idempotency_key, %(asking)s)) "
        "on conflict (tenant_id, idempotency_key) do nothing",
        {
            "tenant": tenant_id, "mode": plan.mode, "day": plan.business_day,
            "start": plan.window.start, "end": plan.window.end,
            "asking": f"go-on:{source}:{plan.business_day}:", "found": found,
        },
    )  # fmt: skip
