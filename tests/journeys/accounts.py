"""An evening on which amoCRM lets nobody in, and its end.

What lives here: the stop, and the time that passes until an account is asked again. The platform
is ``evening``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from tests.journeys.evening import Evening


@contextmanager
def every_account_refused(platform: Evening) -> Iterator[None]:
    """amoCRM answers every request with 403, for as long as the block lasts."""
    stop = {"enabled": True, "amocrm_ban_after": 0, "amocrm_ban_seconds": None}
    platform.control("POST", "limits", stop)
    try:
        yield
    finally:
        platform.control("DELETE", "limits")
        platform.control("POST", "limits", {"enabled": False})


def pass_time_until(platform: Evening, moment: datetime) -> None:
    """Let the clock of the platform and its providers show a moment, at once."""
    now = (moment + timedelta(seconds=1)).isoformat()
    platform.control("PUT", "clock", {"now": now, "rate": 1})
