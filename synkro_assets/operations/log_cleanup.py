"""Letting go of old rows of the integration log.

What lives here: the order of the batches. How long a row is kept is decided by
``public.cleanup_old_integration_logs``, when this runs by ``schedules``.
"""

from __future__ import annotations

from collections.abc import Callable

from synkro_assets.operations.platform import Platform
from synkro_assets.storage.integration_logs import delete_old_logs, draw_sums_together

# A batch is deleted in a few hundredths of a second.
BATCH = 5000
_SAID_EVERY = 10


def clean_up_integration_logs(
    platform: Platform, on_progress: Callable[[str], None], batch_size: int = BATCH
) -> int:
    """Delete old rows batch by batch, each in a transaction of its own; returns how many."""
    total, batches = 0, 0
    while True:
        with platform.database.console_transaction() as connection:
            deleted = delete_old_logs(connection, batch_size)
        if deleted == 0:
            break
        total, batches = total + deleted, batches + 1
        if batches % _SAID_EVERY == 0:
            on_progress(f"{total} rows deleted so far")
    with platform.database.console_transaction() as connection:
        draw_sums_together(connection)
    on_progress(f"{total} old rows of the integration log deleted")
    return total
