"""Looking at what of a day's feeds is stored in ``raw``.

What lives here: questions about stored rows before a load. Loading is ``raw_loading``.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from psycopg import sql

from synkro_assets.storage.database import Connection, scalar
from synkro_assets.storage.raw_rows import Load, RawTable


def count_stored(connection: Connection, table: RawTable, load: Load) -> int:
    """How many rows of a day's feed are stored that a load is to answer again."""
    statement = sql.SQL(
        "select count(*) as stored from {} where tenant_id = %s and business_day = %s"
    ).format(sql.Identifier("raw", table.name))
    parameters: list[Any] = [load.tenant_id, load.business_day]
    if load.chats is not None and (table.is_within_chats or not load.is_whole):
        statement += sql.SQL(" and radist_chat_id = any(%s)")
        parameters.append(list(load.chats))
    row = connection.execute(statement, parameters).fetchone()
    return int(scalar(row))


def chats_stored_since(
    connection: Connection, tenant_id: UUID, day: date, since: datetime
) -> set[int]:
    """The chats of a day that were read at ``since`` or later."""
    rows = connection.execute(
        "select radist_chat_id from raw.radist_chats "
        "where tenant_id = %s and business_day = %s and fetched_at >= %s",
        [tenant_id, day, since],
    )
    return {row["radist_chat_id"] for row in rows}
