"""Run requests that Synkro makes by itself: pending rows of ``app.job_runs``.

What lives here: asking for a day to be gone on with, at once or later. Launching what is pending is
``run_requests_sensor``, letting go what is held ``held_runs``.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from synkro_assets.storage.business_days import DayPlan
from synkro_assets.storage.database import Connection, scalar

# As for an account that is stopped; after that the day's next run goes on, whoever starts it.
_PAUSES = (timedelta(minutes=15), timedelta(hours=1), timedelta(hours=6))


def ask_to_go_on(
    connection: Connection, tenant_id: UUID, plan: DayPlan, source: str, progress: Any
) -> None:
    """Ask for another run of a day that a limit cut; the same ``progress`` asks once.

    A reading that brought nothing new asks for nothing: it would ask for ever. Nor does one of a
    day that another source asked for: a run reads on in all of them.
    """
    _ask(connection, tenant_id, plan, source, _key(source, plan, progress))


def ask_to_try_again(
    connection: Connection,
    tenant_id: UUID,
    plan: DayPlan,
    source: str,
    progress: Any,
    now: datetime,
) -> datetime | None:
    """Ask for one more run of such a day once its source may be back; when that will be tried.

    Each failure at the same ``progress`` is followed by a longer pause; None after the last one.
    """
    key = _key(source, plan, progress)
    row = connection.execute(
        "select count(*) as times from app.job_runs "
        "where tenant_id = %s and starts_with(idempotency_key, %s)",
        [tenant_id, f"{key}:again:"],
    ).fetchone()
    times = int(scalar(row))
    if times >= len(_PAUSES):
        return None
    not_before = now + _PAUSES[times]
    is_asked = _ask(connection, tenant_id, plan, source, f"{key}:again:{times}", not_before)
    return not_before if is_asked else None


def _key(source: str, plan: DayPlan, progress: Any) -> str:
    found = hashlib.sha256(repr(progress).encode()).hexdigest()[:16]
    return f"{_asking(source, plan)}{found}"


def _asking(source: str, plan: DayPlan) -> str:
    return f"go-on:{source}:{plan.business_day}:"


def _ask(
    connection: Connection,
    tenant_id: UUID,
    plan: DayPlan,
    source: str,
    key: str,
    not_before: datetime | None = None,
) -> bool:
    """False when it was asked before, or another source's request of the day will do it."""
    done = connection.execute(
        "insert into app.job_runs (tenant_id, job_type, mode, trigger_type, first_business_day, "
        "business_day, window_start, window_end, idempotency_key, requested_by, not_before, "
        "waits_for) "
        "select %(tenant)s, 'daily_report', %(mode)s, 'backfill', %(day)s, %(day)s, %(start)s, "
        "%(end)s, %(key)s, 'synkro', %(not_before)s::timestamptz, "
        "case when %(not_before)s::timestamptz is not null then %(source)s end "
        "where not exists ("
        "select from app.job_runs where tenant_id = %(tenant)s and business_day = %(day)s "
        "and status = 'pending' and not_before is null and idempotency_key like 'go-on:%%' "
        "and not starts_with(idempotency_key, %(asking)s)) "
        "on conflict (tenant_id, idempotency_key) do nothing",
        {
            "tenant": tenant_id, "mode": plan.mode, "day": plan.business_day,
            "start": plan.window.start, "end": plan.window.end, "key": key, "source": source,
            "asking": _asking(source, plan), "not_before": not_before,
        },
    )  # fmt: skip
    return done.rowcount == 1
