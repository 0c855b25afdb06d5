"""The integration log with a million rows: what a dashboard asks of it, and a day's cleanup.

What lives here: the rows, the questions and their bounds. Who reads is who reads in earnest: the
console over one tenant and over all, a signed-in user of a tenant, a super administrator.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID, uuid4

from benchmarks.stage import Stage
from benchmarks.table import Line, at_least, at_most, noted
from synkro_assets.operations.log_cleanup import BATCH
from synkro_assets.storage.database import Connection, Database, scalar
from synkro_assets.storage.integration_logs import delete_old_logs

ROWS, TENANTS, OLD_ROWS = 1_000_000, 20, 100_000
QUERY_BOUND_MS, LOCK_BOUND_SECONDS = 50.0, 1.0
REPEATS = 15

_LATEST = (
    "select id, service_name, action, status, error_message, duration_ms, created_at "
    "from public.integration_logs where {tenant} %s order by created_at desc limit 50"
)
# {tenant} is the condition a page of one tenant adds; row security filters whatever it says.
QUESTIONS = {
    "latest rows": _LATEST % "",
    "latest failures": _LATEST % "and status = 'failed'",
    "latest of a service and status": _LATEST % "and service_name = 'radist' and status = 'failed'",
    "latest of what is rare": _LATEST % "and service_name = 'gemini' and status = 'pending'",
    "about one report": _LATEST % "and related_entity_type = 'report' "
    "and related_entity_id = '00000000-0000-4000-8000-000000000000'",
    "integration_stats_hourly": "select * from public.integration_stats_hourly order by hour",
    "integration_stats_daily": "select * from public.integration_stats_daily order by day",
    "counts by service and status": "select service_name, status, sum(count) "
    "from public.integration_stats_daily group by service_name, status",
}


def measure_integration_log(stage: Stage) -> list[Line]:
    """Fill the log, ask what dashboards ask, let a day's rows go."""
    database = stage.platform.database
    tenants = [stage.tenant("log").tenant_id for _ in range(TENANTS)]
    _fill(database, tenants)
    lines = [noted("integration log: rows", _count(database), "rows")]
    lines += _questions(database, tenants[3])
    lines += _cleanup(database)
    with database.owner_session() as connection:
        connection.execute("truncate public.integration_logs")
    return lines


def _fill(database: Database, tenants: list[UUID]) -> None:
    """Thirty days of rows, evenly, in one statement; then as autovacuum would leave them."""
    with database.owner_session() as connection:
        connection.execute(
            "insert into public.integration_logs (tenant_id, service_name, action, status, "
            "request_payload, response_payload, duration_ms, created_at) "
            "select (%(tenants)s::uuid[])[1 + n %% %(count)s], "
            "(array['amocrm', 'radist', 'gemini', 'telegram'])[1 + (n / 20) %% 4], "
            "'action ' || (n / 80) %% 3, "
            "case when n %% 23 = 0 then 'failed' when n %% 53 = 1 then 'retrying' "
            "else 'success' end, "
            """'{"method": "GET", "path": "/api/v4/leads", "query": {"limit": "250"}}', """
            """'{"status": 200, "bytes": 12345, "content_type": "application/json"}', """
            "n %% 3000, now() - (%(rows)s - n) * (interval '30 days' / %(rows)s) "
            "from generate_series(1, %(rows)s) as n",
            {"tenants": tenants, "count": len(tenants), "rows": ROWS},
        )
        connection.execute("vacuum (analyze) public.integration_logs, app.integration_log_days")


def _count(database: Database) -> int:
    with database.console_transaction() as connection:
        found = connection.execute("select count(*) from public.integration_logs").fetchone()
    return int(scalar(found))


def _questions(database: Database, tenant_id: UUID) -> list[Line]:
    """Each question by each reader, warm; the slowest reader counts."""
    one_user, administrator = _person(database, tenant_id), _person(database, None)
    of_tenant = f"tenant_id = '{tenant_id}'"
    readers = [
        ({"role": "synkro_console", "app.tenant_id": str(tenant_id)}, of_tenant),
        ({"role": "synkro_console", "app.tenant_id": "*"}, "true"),
        ({"role": "authenticated", "request.jwt.claims": one_user}, "true"),
        ({"role": "authenticated", "request.jwt.claims": one_user}, of_tenant),
        ({"role": "authenticated", "request.jwt.claims": administrator}, "true"),
        ({"role": "service_role"}, "true"),
    ]
    slowest = dict.fromkeys(QUESTIONS, 0.0)
    for settings, condition in readers:
        with _reading(database, settings) as connection:
            for name, question in QUESTIONS.items():
                took = _milliseconds(connection, question.format(tenant=condition))
                slowest[name] = max(slowest[name], took)
    return [
        at_most(f"integration log: {name}, slowest reader", took, QUERY_BOUND_MS, "ms")
        for name, took in slowest.items()
    ]


def _person(database: Database, tenant_id: UUID | None) -> str:
    """The claims of a new user: of a tenant, or a super administrator."""
    user_id = uuid4()
    with database.console_transaction() as connection:
        connection.execute(
            "insert into app.users (user_id, email) values (%s, %s)",
            (user_id, f"{user_id}@example.org"),
        )
        connection.execute(
            "insert into app.user_roles (user_id, role, tenant_id) values (%s, %s, %s)",
            (user_id, "user" if tenant_id else "super_admin", tenant_id),
        )
    return json.dumps({"sub": str(user_id)})


@contextmanager
def _reading(database: Database, settings: dict[str, str]) -> Iterator[Connection]:
    with database.owner_session() as connection:
        for name, value in settings.items():
            connection.execute("select set_config(%s, %s, false)", (name, value))
        yield connection


def _milliseconds(connection: Connection, question: str) -> float:
    """How long a warm question takes; the shortest counts, others share the machine."""
    took = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        connection.execute(question.encode()).fetchall()
        took.append((time.perf_counter() - started) * 1000)
    return min(took)


def _cleanup(database: Database) -> list[Line]:
    """Let a day's old rows go while others are written."""
    with database.owner_session() as connection:
        connection.execute(
            "insert into public.integration_logs (service_name, action, status, created_at) "
            "select 'amocrm', 'old', 'success', now() - interval '91 days' "
            "from generate_series(1, %s)",
            (OLD_ROWS,),
        )
    calls: list[float] = []
    deleted = 0
    with _writing(database) as waits:
        while True:
            started = time.perf_counter()
            with database.console_transaction() as connection:
                gone = delete_old_logs(connection, BATCH)
            calls.append(time.perf_counter() - started)
            deleted += gone
            if not gone:
                break
    return [
        at_least("integration log: old rows let go", deleted, OLD_ROWS, "rows"),
        noted("integration log: cleanup, all calls", sum(calls), "s"),
        at_most("integration log: longest call", max(calls), LOCK_BOUND_SECONDS, "s"),
        noted("integration log: rows written meanwhile", len(waits), "rows"),
        at_most("integration log: longest of them", max(waits), LOCK_BOUND_SECONDS, "s"),
    ]


@contextmanager
def _writing(database: Database) -> Iterator[list[float]]:
    """Rows are written all the time; how long each of them took."""
    waits: list[float] = []
    is_over = threading.Event()

    def write() -> None:
        with _reading(database, {"role": "service_role"}) as connection:
            while not is_over.is_set():
                started = time.perf_counter()
                connection.execute(
                    "insert into public.integration_logs (service_name, action, status) "
                    "values ('amocrm', 'meanwhile', 'success')"
                )
                waits.append(time.perf_counter() - started)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield waits
    finally:
        is_over.set()
        writer.join()
