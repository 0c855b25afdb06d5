"""The monthly partitions of messages and events, made before the month is there.

What lives here: which months are made ahead. Making one, with its wall, is ``raw.ensure_month``; a
load calls that too (``raw_loading.py``), since a backfill writes to months long gone.
"""

from __future__ import annotations

from synkro_assets.storage.database import Connection

# Beyond the current one: a month whose daily job never ran still leaves a month.
MONTHS_AHEAD = 2

_PARTITIONS = """
    select count(*) as partitions from pg_catalog.pg_inherits
    where inhparent in ('raw.amocrm_events'::regclass, 'raw.radist_messages'::regclass)
"""
_MAKE = """
    select raw.ensure_month((current_date + months * interval '1 month')::date)
    from generate_series(0, %s) as months
"""


def make_months_ahead(connection: Connection) -> int:
    """Make the partitions of this month and the next ones that are missing; returns how many."""
    before = _count(connection)
    connection.execute(_MAKE, [MONTHS_AHEAD])
    return _count(connection) - before


def _count(connection: Connection) -> int:
    row = connection.execute(_PARTITIONS).fetchone()
    return int(row["partitions"]) if row else 0
