"""Reading a tenant's day for its own Supabase project, some rows at a time.

What lives here: reading the selects of ``exported/``, one per table there, in pages of a key's
order, so that no transaction stays open while rows travel. What is done with the rows, and the
tables they go to, is ``delivery``.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from psycopg import sql

from synkro_assets.storage.database import Connection, Database

PAGE_ROWS = 5000


# What a table's rows are ordered by; with the tenant and, where they have one, the day it is a key.
# Of reports the newest comes last, so that it is the one kept where there is room for one.
_ORDER = {
    "leads": (("amocrm_lead_id", "bigint"),),
    "contacts": (("amocrm_contact_id", "bigint"),),
    "lead_contacts": (("amocrm_lead_id", "bigint"), ("amocrm_contact_id", "bigint")),
    "dialogs": (("radist_chat_id", "bigint"),),
    "messages": (("radist_chat_id", "bigint"), ("radist_message_id", "text")),
    "reports": (("created_at", "timestamptz"), ("source_report_id", "uuid")),
}


def exported_rows(
    database: Database, table: str, tenant_id: UUID, day: date, page_rows: int = PAGE_ROWS
) -> Iterator[dict[str, Any]]:
    """A day's rows for one table of the tenant's project, as JSON values, in their key's order."""
    after: list[Any] | None = None
    while True:
        with database.tenant_transaction(tenant_id) as connection:
            page = _page(connection, table, tenant_id, day, after, page_rows)
        yield from page
        if len(page) < page_rows:
            return
        after = [page[-1][name] for name, _ in _ORDER[table]]


def _page(
    connection: Connection,
    table: str,
    tenant_id: UUID,
    day: date,
    after: list[Any] | None,
    rows: int,
) -> list[dict[str, Any]]:
    names = sql.SQL(", ").join(sql.Identifier(name) for name, _ in _ORDER[table])
    later = sql.Composed([sql.SQL("true")])
    if after is not None:
        typed = zip(after, (kind for _, kind in _ORDER[table]), strict=True)
        values = [sql.SQL("{}::{}").format(value, sql.SQL(kind)) for value, kind in typed]
        later = sql.SQL("({}) > ({})").format(names, sql.SQL(", ").join(values))
    select = Path(__file__).parent / "exported" / f"{table}.sql"
    query = sql.SQL(
        "select to_jsonb(exported) as exported from ({select}) as exported where {later} "
        "order by {names} limit %(rows)s"
    ).format(select=sql.SQL(select.read_text(encoding="utf-8")), later=later, names=names)
    found = connection.execute(query, {"tenant": tenant_id, "day": day, "rows": rows})
    return [row["exported"] for row in found]
