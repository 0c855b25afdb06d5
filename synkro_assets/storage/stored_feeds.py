"""Looking at what of a day's feeds is stored in ``raw``.

What lives here: questions about stored rows before a load. Loading is ``raw_rows``.
"""

from __future__ import annotations

from psycopg import sql

from synkro_assets.storage.database import Connection, scalar
from synkro_assets.storage.raw_rows import Load, RawTable


def count_stored(connection: Connection, table: RawTable, load: Load) -> int:
    """How many rows of a day's feed are stored."""
    row = connection.execute(
        sql.SQL(
            "select count(*) as stored from {} where tenant_id = %s and business_day = %s"
        ).format(sql.Identifier("raw", table.name)),
        [load.tenant_id, load.business_day],
    ).fetchone()
    return int(scalar(row))
