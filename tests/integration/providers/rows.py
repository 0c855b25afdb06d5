"""Raw rows into a real database, and what staging makes of them.

What lives here: loading and looking. What they should be is said by the tests.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from synkro_assets.domain.tenant import Tenant
from synkro_assets.storage.database import Database
from synkro_assets.storage.raw_loading import load_rows
from synkro_assets.storage.raw_rows import RAW_TABLES, Load, ensure_month
from tests.databases import as_owner


def load_all(
    database: Database, tenant: Tenant, day: date, rows: Mapping[str, Sequence[tuple[Any, ...]]]
) -> None:
    """Store a day's rows as a run would."""
    load = Load(tenant.tenant_id, day, datetime.now(UTC), "run 1")
    with database.tenant_transaction(tenant.tenant_id) as connection:
        ensure_month(connection, day)
        for table, found in rows.items():
            assert load_rows(connection, RAW_TABLES[table], load, found) == len(found)


def staged(database: Database, model: str, *columns: str) -> list[tuple[Any, ...]]:
    """The columns of a staging model, in the order of their values' first columns."""
    places = ", ".join(str(place) for place in range(1, min(len(columns), 2) + 1))
    with as_owner(database) as connection:
        found = connection.execute(
            f"select {', '.join(columns)} from staging.{model} order by {places}"
        )
        return [tuple(row.values()) for row in found]
