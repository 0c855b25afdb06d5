"""What is stored of each source's days: ``app.source_days``.

What lives here: noting a reading that was stored and one that failed. The raw rows themselves are
``raw_loading``; who decides what a failure means is ``assets/raw_specs.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from synkro_assets.domain.source_days import Cut, SourceDay
from synkro_assets.storage.database import Connection


def note_reading(
    connection: Connection,
    tenant_id: UUID,
    day: date,
    source: str,
    data_as_of: datetime,
    cuts: Sequence[Cut] = (),
    place: dict[str, Any] | None = None,
) -> None:
    """Note what was just stored of a day; called in the transaction that stores it."""
    connection.execute(
        "insert into app.source_days "
        "(tenant_id, business_day, source, data_as_of, is_truncated, cuts, place) "
        "values (%s, %s, %s, %s, %s, %s, %s) "
        "on conflict (tenant_id, business_day, source) do update set "
        "data_as_of = excluded.data_as_of, is_truncated = excluded.is_truncated, "
        "cuts = excluded.cuts, place = excluded.place, last_error = null, last_failed_at = null",
        [
            tenant_id, day, source, data_as_of, bool(cuts),
            Jsonb([asdict(cut) for cut in cuts]), None if place is None else Jsonb(place),
        ],
    )  # fmt: skip


def note_failure(
    connection: Connection, tenant_id: UUID, day: date, source: str, error: str, now: datetime
) -> SourceDay | None:
    """Note that a stored day could not be read again; None when nothing of it is stored."""
    connection.execute(
        "update app.source_days set last_error = %s, last_failed_at = %s "
        "where tenant_id = %s and business_day = %s and source = %s",
        [error, now, tenant_id, day, source],
    )
    return source_day(connection, tenant_id, day, source)


def source_day(connection: Connection, tenant_id: UUID, day: date, source: str) -> SourceDay | None:
    """What is stored of a day of a source."""
    found = source_days(connection, tenant_id, day, day)
    return next((each for each in found if each.source == source), None)


def source_days(
    connection: Connection, tenant_id: UUID, first_day: date, last_day: date
) -> list[SourceDay]:
    """What is stored of each source's days from first to last."""
    rows = connection.execute(
        "select business_day, source, data_as_of, cuts, place, last_error from app.source_days "
        "where tenant_id = %s and business_day between %s and %s order by business_day, source",
        [tenant_id, first_day, last_day],
    )
    return [SourceDay(**{**row, "cuts": tuple(Cut(**cut) for cut in row["cuts"])}) for row in rows]
