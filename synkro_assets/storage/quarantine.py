"""``raw.quarantined_records``: what a source sent of a day and could not be used.

What lives here: replacing and counting them. What makes a record unusable is
``domain/soundness.py``; rows that can be used are ``raw_rows``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from synkro_assets.domain.soundness import PoisonRecord
from synkro_assets.storage.database import Connection
from synkro_assets.storage.jsonb import storable
from synkro_assets.storage.raw_rows import Load

LONGEST_RECORD = 16 * 1024
CUT_MARK = " ...cut"
_LONGEST_ID = 200


def store_quarantined(
    connection: Connection,
    load: Load,
    source: str,
    records: Sequence[PoisonRecord],
    *,
    continues: bool = False,
) -> int:
    """Put a day's poison records of a source in the place of those before; returns how many.

    A record that a later reading found sound is thereby gone. A reading that ``continues`` another
    replaces only what it saw again: the other's part of the day was not looked at.
    """
    of_day = [load.tenant_id, load.business_day, source]
    clear = (
        "delete from raw.quarantined_records "
        "where tenant_id = %s and business_day = %s and source = %s"
    )
    if not continues:
        connection.execute(clear, of_day)
    rows = _rows(load, source, records)
    with connection.cursor() as cursor:
        if continues:
            cursor.executemany(
                f"{clear} and entity = %s and (record_hash = %s or provider_id = %s)",
                [row[:6] for row in rows],
            )
        cursor.executemany(
            "insert into raw.quarantined_records (tenant_id, business_day, source, entity, "
            "record_hash, provider_id, reason, record, record_bytes, fetched_at, run_id) "
            "values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            rows,
        )
    return len(rows)


def _rows(load: Load, source: str, records: Sequence[PoisonRecord]) -> list[tuple[Any, ...]]:
    """Each record once, in the order of the table's columns."""
    rows = {}
    for poison in records:
        text = poison.as_text()
        found = hashlib.sha256(text.encode()).hexdigest()
        rows[poison.entity, found] = (
            load.tenant_id, load.business_day, source, poison.entity, found,
            storable(poison.provider_id)[:_LONGEST_ID] if poison.provider_id else None,
            poison.reason, _cut(text), len(text), load.fetched_at, load.run_id,
        )  # fmt: skip
    return list(rows.values())


def quarantined_count(
    connection: Connection,
    tenant_id: UUID,
    first_day: date,
    last_day: date,
    sources: Sequence[str],
) -> int:
    """How many records of the days could not be used, of the sources a report speaks of."""
    row = connection.execute(
        "select count(*) as records from raw.quarantined_records where tenant_id = %s "
        "and business_day between %s and %s and source = any(%s)",
        [tenant_id, first_day, last_day, list(sources)],
    ).fetchone()
    return int(row["records"]) if row else 0


def _cut(text: str) -> str:
    if len(text) <= LONGEST_RECORD:
        return text
    return text[: LONGEST_RECORD - len(CUT_MARK)] + CUT_MARK
