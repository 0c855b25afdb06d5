"""Waiting until another thread or process has done something, and doing without waits.

What lives here: conditions and patience, the product's too. Databases are ``databases``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from synkro_assets.domain import pacing
from synkro_assets.providers import gate
from synkro_assets.providers.retry import RetryPolicy
from synkro_assets.storage import late_openings
from synkro_assets.storage.database import Database
from tests.databases import as_owner

PATIENCE = 60.0

# Between two looks, so that what is waited for has the processor.
_BREATH = 0.02


def let_nothing_wait(patch: pytest.MonkeyPatch) -> None:
    """Requests of this process follow each other at once, also when they are tried again.

    Only a pause that a provider names is kept to. The waits themselves are held in
    ``unit/domain/test_pacing``, ``unit/providers/test_http`` and ``integration/test_request_rate``.
    """
    patch.setattr(RetryPolicy, "_wait", lambda self, state: 0.0)
    patch.setattr(gate, "_LONGEST_GUESS", 0.0)
    patch.setattr(pacing, "_MARGIN", 0.0)
    patch.setattr(late_openings, "_CONNECTING", 0.0)


def await_that(condition: Callable[[], Any], what: str) -> Any:
    """The condition's answer once it is true; fails saying what did not come true."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        answer = condition()
        if answer:
            return answer
        time.sleep(_BREATH)
    raise AssertionError(f"not within {PATIENCE} s: {what}")


def waits_for_a_row(database: Database) -> bool:
    """Whether Synkro waits for a row that somebody else holds."""
    with as_owner(database) as connection:
        row = connection.execute(
            "select count(*) as waiting from pg_stat_activity where wait_event_type = 'Lock' "
            "and application_name = 'synkro' and datname = current_database()"
        ).fetchone()
    return row is not None and row["waiting"] > 0
