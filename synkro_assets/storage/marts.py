"""Reading the marts and raw rows for a report: names, freshness, what is waiting.

What lives here: small questions to ``marts`` and ``raw``. Numbers come from ``facts``.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from synkro_assets.domain.business_day import Window
from synkro_assets.domain.facts import DialogWithoutDeal, WaitingDialog
from synkro_assets.storage.database import Connection
from synkro_assets.storage.facts import ask_window


def manager_names(
    connection: Connection, tenant_id: UUID, first_day: date, last_day: date
) -> dict[str, str]:
    """The names of the days' rosters by user id, each as it was last."""
    rows = connection.execute(
        "select distinct on (amocrm_user_id) amocrm_user_id::text as manager_id, manager_name "
        "from marts.dim_managers where tenant_id = %s and business_day between %s and %s "
        "and manager_name is not null order by amocrm_user_id, business_day desc",
        [tenant_id, first_day, last_day],
    )
    return {row["manager_id"]: row["manager_name"] for row in rows}


def newest_fetch(
    connection: Connection, tenant_id: UUID, first_day: date, last_day: date
) -> datetime | None:
    """When the newest of the days' raw rows was read; None when there is none."""
    row = connection.execute(
        "select max(fetched_at) as fetched_at from ("
        "select max(fetched_at) as fetched_at from raw.radist_messages where tenant_id = "
        "%(tenant)s and business_day between %(first_day)s and %(last_day)s union all "
        "select max(fetched_at) from raw.amocrm_events where tenant_id = "
        "%(tenant)s and business_day between %(first_day)s and %(last_day)s) as feeds",
        {"tenant": tenant_id, "first_day": first_day, "last_day": last_day},
    ).fetchone()
    return row["fetched_at"] if row else None


def waiting_dialogs_of_window(
    connection: Connection, tenant_id: UUID, first_day: date, last_day: date, window: Window
) -> list[WaitingDialog]:
    """The customers who wait when a window ends, the longest wait first.

    The days are as ``compute_facts`` takes them.
    """
    query = "waiting_details.sql"
    rows = ask_window(connection, query, tenant_id, first_day, last_day, window)
    return [WaitingDialog(**row) for row in rows]


def dialogs_without_deal(
    connection: Connection, tenant_id: UUID, first_day: date, last_day: date, window: Window
) -> list[DialogWithoutDeal]:
    """The customers of a window without a deal in the CRM, those who wrote last first.

    None where a day did not read both sources: then nobody knows. The days are as
    ``compute_facts`` takes them.
    """
    query = "dialogs_without_deal.sql"
    rows = ask_window(connection, query, tenant_id, first_day, last_day, window)
    return [DialogWithoutDeal(**row) for row in rows]


def tenant_day_row(connection: Connection, tenant_id: UUID, day: date) -> dict[str, Any] | None:
    """The tenant's row of ``marts.rpt_tenant_day``."""
    return connection.execute(
        "select * from marts.rpt_tenant_day where tenant_id = %s and business_day = %s",
        [tenant_id, day],
    ).fetchone()


def manager_day_rows(
    connection: Connection, tenant_id: UUID, day: date
) -> dict[str, dict[str, Any]]:
    """The rows of ``marts.rpt_manager_day`` by user id."""
    rows = connection.execute(
        "select * from marts.rpt_manager_day where tenant_id = %s and business_day = %s",
        [tenant_id, day],
    )
    return {str(row["amocrm_user_id"]): row for row in rows}
