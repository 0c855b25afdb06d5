"""Who uses the server: one line per user in a lease file, and the lock around every change.

A line is ``pid create_time token``. Lines of dead processes, of recycled pids and lines that
cannot be read count for nothing, so a killed command or a torn file heals by itself. Starting
and stopping the server is in ``postmaster``.
"""

import fcntl
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from synkro_assets.storage.embedded.failure import EmbeddedServerFailed
from synkro_assets.storage.embedded.processes import create_time, is_same_process

LOCK_FILE = "postgres.lock"
LEASE_FILE = "postgres.users"


@dataclass(frozen=True)
class Lease:
    """One use of the server by one process; a process may hold several."""

    pid: int
    created_at: float
    token: str


def new_lease() -> Lease:
    """A lease for this process, not yet written."""
    pid = os.getpid()
    return Lease(pid, create_time(pid) or 0.0, secrets.token_hex(8))


@contextmanager
def locked(home: Path) -> Iterator[None]:
    """Hold the lock of this home; the kernel frees it when its holder dies."""
    descriptor = _open_private(home / LOCK_FILE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        # Unlocked by name: a process forked meanwhile shares the descriptor and would keep it.
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)


def living_leases(home: Path) -> list[Lease]:
    """The leases whose process is still the one that took them."""
    try:
        text = (home / LEASE_FILE).read_text(encoding="ascii", errors="replace")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise EmbeddedServerFailed(f"cannot read {home / LEASE_FILE}: {error.strerror}") from error
    leases = (_parsed(line) for line in text.splitlines())
    return [lease for lease in leases if lease and is_same_process(lease.pid, lease.created_at)]


def add_lease(home: Path, lease: Lease) -> None:
    """Write this lease beside the living ones; call with the lock held."""
    _write(home, [*living_leases(home), lease])


def drop_lease(home: Path, lease: Lease) -> list[Lease]:
    """Remove this lease and the dead ones, and return who remains; call with the lock held."""
    remaining = [other for other in living_leases(home) if other.token != lease.token]
    _write(home, remaining)
    return remaining


def drop_dead_leases(home: Path) -> list[Lease]:
    """Remove the leases of dead processes and return the others; call with the lock held."""
    remaining = living_leases(home)
    _write(home, remaining)
    return remaining


def _parsed(line: str) -> Lease | None:
    match line.split():
        case [pid, created_at, token]:
            try:
                return Lease(int(pid), float(created_at), token)
            except ValueError:
                return None
        case _:
            return None


def _write(home: Path, leases: Iterable[Lease]) -> None:
    text = "".join(f"{lease.pid} {lease.created_at!r} {lease.token}\n" for lease in leases)
    descriptor = _open_private(home / LEASE_FILE)
    try:
        # In place and in one write: owner and mode stay, and a kill leaves whole lines.
        os.pwrite(descriptor, text.encode("ascii"), 0)
        os.ftruncate(descriptor, len(text))
    finally:
        os.close(descriptor)


def _open_private(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise EmbeddedServerFailed(
            f"cannot write {path}: {error.strerror}; "
            "set SYNKRO_HOME to a folder that this user may write"
        ) from error
