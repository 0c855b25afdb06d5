"""How fast rows reach ``raw``: the loader alone, one transaction from its begin to its commit.

What lives here: the loader by itself, on rows like those of a large day. The rate inside a real run
is ``volume``'s.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import cycle
from typing import Any

from benchmarks.dialogs import conversation_texts
from benchmarks.stage import Stage
from benchmarks.table import Line, at_least
from synkro_assets.domain.tenant import Tenant
from synkro_assets.storage.raw_loading import load_rows
from synkro_assets.storage.raw_rows import RAW_TABLES, Load, ensure_month

ROWS = 60_000
ROWS_PER_CHAT = 12
REPEATS = 3


def measure_load_rate(stage: Stage) -> list[Line]:
    """60,000 messages with real texts into ``raw.radist_messages``, first load and replacement.

    The bound is the issue's, for a day's first load and for its replacement, which deletes as many
    rows besides. COPY reaches it, statements per row are ten times below. Rows are made before the
    clock starts, as a provider's answers are there before a load; writing them as JSON is part of
    the load.
    """
    rows = list(_message_rows())
    seconds = []
    for _ in range(REPEATS):
        tenant = stage.tenant("load")
        for _ in ("the day is empty", "the day is replaced"):
            seconds.append(_load(stage, tenant, rows))
    fresh, replaced = min(seconds[::2]), min(seconds[1::2])
    return [
        at_least("rows a second into raw, empty day", ROWS / fresh, 50_000, unit=""),
        at_least("rows a second into raw, day replaced", ROWS / replaced, 50_000, unit=""),
    ]


def _load(stage: Stage, tenant: Tenant, rows: list[tuple[Any, ...]]) -> float:
    load = Load(tenant.tenant_id, _MORNING.date(), _MORNING, "benchmark")
    with stage.platform.database.tenant_transaction(tenant.tenant_id) as connection:
        ensure_month(connection, load.business_day)
    started = time.perf_counter()
    with stage.platform.database.tenant_transaction(tenant.tenant_id) as connection:
        loaded = load_rows(connection, RAW_TABLES["radist_messages"], load, rows)
    seconds = time.perf_counter() - started
    if loaded != ROWS:
        raise AssertionError(f"{loaded} of {ROWS} rows were loaded")
    return seconds


_MORNING = datetime(2026, 3, 5, 6, tzinfo=UTC)


def _message_rows() -> Iterator[tuple[Any, ...]]:
    """Rows as ``ingestion/radist`` makes them, with every field Radist documents."""
    texts = cycle(conversation_texts())
    for number in range(ROWS):
        chat = 2_200_000_000 + number // ROWS_PER_CHAT
        at = _MORNING + timedelta(seconds=number % 50_000, milliseconds=number % 1000)
        direction = "outbound" if number % 2 else "inbound"
        identifier = str(uuid.UUID(int=number * 7919 + 2**100))
        payload = {
            "message_id": identifier,
            "chat_id": chat,
            "connection_id": 501,
            "direction": direction,
            "message_type": "text",
            "text": {"text": next(texts)},
            "created_at": at.isoformat(),
            "status": "read",
            "sender": {"id": 77, "name": "Оператор"},
        }
        yield identifier, chat, direction, at, payload
