"""The fact table: ``app.report_facts``, filled by the one fact query ``period_facts.sql``.

What lives here: evaluating the query for a window and caching its answer under a period key. What a
metric means is decided in ``DECISIONS.md`` and computed in ``dbt_project``. Who waits at a window's
end is one query of its own, ``waiting_dialogs.sql``, which the fact query counts.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any, LiteralString
from uuid import UUID

from psycopg import sql

from synkro_assets.domain.business_day import Window
from synkro_assets.domain.facts import Fact
from synkro_assets.storage.database import Connection

DEFINITION_VERSION = 1

_PLANNER_SETTINGS = ("enable_nestloop", "enable_mergejoin", "jit")


def daily_period_key(day: date) -> str:
    """The period key of a business day's facts."""
    return f"day:{day.isoformat()}"


def compute_facts(
    connection: Connection, tenant_id: UUID, first_day: date, last_day: date, window: Window
) -> list[Fact]:
    """The facts of a window that touches the business days ``first_day`` to ``last_day``.

    ``last_day`` is the day that holds the window's end, or that ends with it.
    """
    rows = ask_window(connection, "period_facts.sql", tenant_id, first_day, last_day, window)
    return [Fact(**row) for row in rows]


def ask_window(
    connection: Connection,
    query: str,
    tenant_id: UUID,
    first_day: date,
    last_day: date,
    window: Window,
) -> list[dict[str, Any]]:
    """The answer of a query about a window, by its file's name."""
    parameters = {
        "tenant_id": tenant_id,
        "first_day": first_day,
        "last_day": last_day,
        "window_start": window.start,
        "window_end": window.end,
    }
    # Days just built have no statistics yet, and the planner takes thousands of rows for one: its
    # nested loops would cost the square of the day's size.
    connection.execute(sql.SQL(";").join(_setting(each, "off") for each in _PLANNER_SETTINGS))
    rows = connection.execute(_packaged(query), parameters).fetchall()
    connection.execute(sql.SQL(";").join(_setting(each, "default") for each in _PLANNER_SETTINGS))
    return rows


def _setting(name: str, value: LiteralString) -> sql.Composed:
    return sql.SQL("set local {} to {}").format(sql.Identifier(name), sql.SQL(value))


def store_facts(
    connection: Connection, tenant_id: UUID, period_key: str, window: Window, facts: list[Fact]
) -> None:
    """Replace the cached facts of a period."""
    connection.execute(
        "delete from app.report_facts where tenant_id = %s and period_key = %s",
        [tenant_id, period_key],
    )
    columns = (
        "fact_id, subject_type, subject_id, subject_name, metric, value, unit, currency_code, n"
    )
    with connection.cursor() as cursor:
        cursor.executemany(
            f"insert into app.report_facts (tenant_id, period_key, period_start, period_end, "  # noqa: S608 - a constant
            f"definition_version, {columns}) "
            "values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                (
                    tenant_id, period_key, window.start, window.end, DEFINITION_VERSION,
                    fact.fact_id, fact.subject_type, fact.subject_id, fact.subject_name,
                    fact.metric, fact.value, fact.unit, fact.currency_code, fact.n,
                )
                for fact in facts
            ],
        )  # fmt: skip


def stored_facts(connection: Connection, tenant_id: UUID, period_key: str) -> list[Fact]:
    """The cached facts of a period, by fact id."""
    rows = connection.execute(
        "select fact_id, subject_type, subject_id, subject_name, metric, value, unit, n, "
        "currency_code from app.report_facts where tenant_id = %s and period_key = %s "
        "order by fact_id",
        [tenant_id, period_key],
    )
    return [Fact(**row) for row in rows]


@cache
def _packaged(name: str) -> bytes:
    """A query by its file's name, with the query of who waits put in its place."""
    folder = files("synkro_assets.storage")
    waiting = folder.joinpath("waiting_dialogs.sql").read_bytes()
    return folder.joinpath(name).read_bytes().replace(b"{waiting_dialogs}", waiting)
