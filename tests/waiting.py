"""Waiting for what another thread or process does, without sleeping.

What lives here: conditions and patience. Databases are ``databases``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from synkro_assets.storage.database import Database
from tests.databases import as_owner

PATIENCE = 60.0


def await_that(condition: Callable[[], Any], what: str) -> Any:
    """The condition's answer once it is true; fails saying what did not come true."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        answer = condition()
        if answer:
            return answer
    raise AssertionError(f"not within {PATIENCE} s: {what}")


def waits_for_a_row(database: Database) -> bool:
    """Whether Synkro waits for a row that somebody else holds."""
    with as_owner(database) as connection:
        row = connection.execute(
            "select count(*) as waiting from pg_stat_activity where wait_event_type = 'Lock' "
            "and application_name = 'synkro' and datname = current_database()"
        ).fetchone()
    return row is not None and row["waiting"] > 0
