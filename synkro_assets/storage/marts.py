"""Reading the marts and raw rows for a report: names, freshness, what is waiting.

What lives here: small questions to ``marts`` and ``raw``. Numbers come from ``facts``.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from synkro_assets.storage.database import Connection


def manager_names(connection: Connection, tenant_id: UUID, day: date) -> dict[str, str]:
    """The names of the day's roster by user id."""
    rows = connection.execute(
        "select amocrm_user_id::text as manager_id, manager_name from marts.dim_managers "
        "where tenant_id = %s and business_day = %s and manager_name is not null",
        [tenant_id, day],
    )
    return {row["manager_id"]: row["manager_name"] for row in rows}


def newest_fetch(connection: Connection, tenant_id: UUID, day: date) -> datetime | None:
    """When the newest of a day's raw rows was read."""
    row = connection.execute(
        "select max(fetched_at) as fetched_at from ("
        "select max(fetched_at) as fetched_at from raw.radist_messages "
        "where tenant_id = %(tenant)s and business_day = %(day)s union all "
        "select max(fetched_at) from raw.amocrm_events "
        "where tenant_id = %(tenant)s and business_day = %(day)s) as feeds",
        {"tenant": tenant_id, "day": day},
    ).fetchone()
    return row["fetched_at"] if row else None


def tenant_day_row(connection: Connection, tenant_id: UUID, day: date) -> dict[str, Any] | None:
    """The tenant's row of ``marts.rpt_tenant_day``."""
    return connection.execute(
        "select * from marts.rpt_tenant_day where tenant_id = %s and business_day = %s",
        [tenant_id, day],
    ).fetchone()
