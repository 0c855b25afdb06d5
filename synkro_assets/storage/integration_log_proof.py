"""Proving that ``public.integration_logs`` works, without leaving a trace.

What lives here: one row's life inside a transaction that is rolled back: inserted, updated, found,
sorted, read as JSON and counted by both views. What is logged in earnest is ``integration_logs``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import LiteralString
from uuid import uuid4

import psycopg
from psycopg import sql

from synkro_assets.domain.errors import WorkFailed
from synkro_assets.storage.database import Connection, Database, scalar

_SERVICE = "synkro doctor"


def prove_integration_logs(database: Database) -> str:
    """What was proved; raises WorkFailed with the step that did not work."""
    with database.console_transaction() as connection:
        for name, step in _STEPS.items():
            # Every run has an action of its own: two doctors may look at the same time.
            action = f"proof {uuid4()}"
            try:
                with connection.transaction():
                    _plant(connection, action)
                    is_well = step(connection, action)
                    raise psycopg.Rollback
            except psycopg.Error as problem:
                raise WorkFailed(_sentence(name, problem)) from None
            if not is_well:
                raise WorkFailed(_sentence(name, None))
    return f"{', '.join(_STEPS)} work"


def _plant(connection: Connection, action: str) -> None:
    connection.execute(
        "insert into public.integration_logs (service_name, action, status, request_payload, "
        "duration_ms, created_at, updated_at) select %s, %s, status, "
        "jsonb_build_object('number', number), number, now() - number * interval '1 second', "
        "now() - interval '1 hour' "
        "from (values (1, 'success'), (2, 'failed')) as planted (number, status)",
        (_SERVICE, action),
    )


def _inserts(connection: Connection, action: str) -> bool:
    return _count(connection, "action = %s and retry_count = 0 and id is not null", action) == 2


def _updates(connection: Connection, action: str) -> bool:
    """Whether the trigger moves ``updated_at``."""
    connection.execute(
        "update public.integration_logs set status = 'pending' where action = %s", (action,)
    )
    moved = "action = %s and status = 'pending' and updated_at > now() - interval '1 minute'"
    return _count(connection, moved, action) == 2


def _filters(connection: Connection, action: str) -> bool:
    condition = "action = %s and service_name = 'synkro doctor' and status = 'failed'"
    return _count(connection, condition, action) == 1


def _sorts(connection: Connection, action: str) -> bool:
    found = connection.execute(
        "select duration_ms from public.integration_logs where action = %s "
        "order by created_at desc",
        (action,),
    )
    return [row["duration_ms"] for row in found] == [1, 2]


def _reads_json(connection: Connection, action: str) -> bool:
    condition = (
        "action = %s and (request_payload ->> 'number')::integer = 2 "
        "and request_payload @> '{\"number\": 2}'"
    )
    return _count(connection, condition, action) == 1


def _hourly(connection: Connection, action: str) -> bool:
    found = connection.execute(
        "select sum(count) as rows, max(max_duration_ms) as longest, sum(failed_count) as failed "
        "from public.integration_stats_hourly where action = %s and hour <= now() "
        "and avg_duration_ms is not null",
        (action,),
    ).fetchone()
    return found == {"rows": 2, "longest": 2, "failed": 1}


def _daily(connection: Connection, action: str) -> bool:
    found = connection.execute(
        "select sum(count) as rows, sum(failed_count) as failed "
        "from public.integration_stats_daily where action = %s and day <= now() "
        "and avg_duration_ms is not null",
        (action,),
    ).fetchone()
    return found == {"rows": 2, "failed": 1}


_STEPS: dict[str, Callable[[Connection, str], bool]] = {
    "insert": _inserts,
    "update": _updates,
    "filter": _filters,
    "sort": _sorts,
    "JSON": _reads_json,
    "integration_stats_hourly": _hourly,
    "integration_stats_daily": _daily,
}


def _count(connection: Connection, condition: LiteralString, action: str) -> int:
    query = sql.SQL("select count(*) as rows from public.integration_logs where {}")
    found = connection.execute(query.format(sql.SQL(condition)), (action,))
    return int(scalar(found.fetchone()))


def _sentence(step: str, problem: psycopg.Error | None) -> str:
    if problem is None:
        why = "it gave another answer than it should"
    else:
        why = str(problem.diag.message_primary or problem).splitlines()[0]
    return (
        f"public.integration_logs does not work ({step}: {why}): run 'synkro migrate', and restore "
        "what was changed by hand"
    )
