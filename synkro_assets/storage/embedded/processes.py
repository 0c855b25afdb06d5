"""Which process is alive, and which pid was given to another program since.

Knows nothing of PostgreSQL or leases: those are in ``postmaster`` and ``leases``.
"""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil  # type: ignore[import-untyped, unused-ignore]

POLL_SECONDS = 0.01
CREATE_TIME_TOLERANCE_SECONDS = 0.05


def create_time(pid: int) -> float | None:
    """When a living process began; None for a dead one and for a zombie.

    Linux counts from the boot of the machine and psutil adds the boot time, which moves when the
    clock is corrected; it is taken off again, so that a correction never ends a living lease.
    """
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        created_at: float = process.create_time()
        return created_at - psutil.boot_time() if sys.platform == "linux" else created_at
    except (psutil.Error, ValueError, OverflowError):
        return None


def is_same_process(pid: int, created_at: float) -> bool:
    """Whether the pid still belongs to the process that began at that time."""
    current = create_time(pid)
    return current is not None and abs(current - created_at) < CREATE_TIME_TOLERANCE_SECONDS


def is_postgres_of(pid: int, data: Path) -> bool:
    """Whether the pid is a living PostgreSQL process working in that data directory."""
    if create_time(pid) is None:
        return False
    try:
        process = psutil.Process(pid)
        if not process.name().startswith("postgres"):
            return False
        return os.path.samefile(process.cwd(), data)
    except psutil.AccessDenied:
        return True
    except (psutil.Error, OSError):
        return False


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Poll until the condition holds; False when it did not in that time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True
