"""The running server, as its own file ``postmaster.pid`` tells: finding it and stopping it.

Starting one is in ``startup``; whether anybody still uses it is in ``leases``.
"""

import os
import signal
from dataclasses import dataclass
from pathlib import Path

from synkro_assets.storage.embedded.failure import EmbeddedServerFailed
from synkro_assets.storage.embedded.processes import create_time, is_postgres_of, wait_until

PID_FILE = "postmaster.pid"
PID_LINE, PORT_LINE, STATUS_LINE = 0, 3, 7
# A fast shutdown ends sessions and checkpoints; an immediate one leaves recovery to the next start.
SHUTDOWN_STEPS = ((signal.SIGINT, 30.0), (signal.SIGQUIT, 10.0))
# Greater than any pid a system hands out.
NOBODYS_PID = 2**31 - 1


@dataclass(frozen=True)
class Postmaster:
    """A living server of one data directory."""

    pid: int
    port: int
    status: str


def find_postmaster(data: Path) -> Postmaster | None:
    """The living server of this data directory, if there is one."""
    try:
        lines = _read_pid_file(data).splitlines()
        pid, port = int(lines[PID_LINE]), int(lines[PORT_LINE])
    except (OSError, ValueError, IndexError):
        return None
    status = lines[STATUS_LINE].strip().decode() if len(lines) > STATUS_LINE else "starting"
    return Postmaster(pid, port, status) if is_postgres_of(pid, data) else None


def stop_postmaster(data: Path) -> bool:
    """Stop the server of this data directory; False when there is none."""
    server = find_postmaster(data)
    if server is None:
        return False
    for step, seconds in SHUTDOWN_STEPS:
        try:
            os.kill(server.pid, step)
        except ProcessLookupError:
            return True
        except PermissionError as error:
            raise EmbeddedServerFailed(
                f"the server with pid {server.pid} belongs to another user; stop it as that user"
            ) from error
        if wait_until(lambda: create_time(server.pid) is None, seconds):
            return True
    raise EmbeddedServerFailed(
        f"the server with pid {server.pid} does not stop; see {data / 'server.log'}"
    )


def forget_dead_postmaster(data: Path) -> None:
    """Keep a stale pid file from blocking a start; call when no server of this data lives.

    PostgreSQL believes any living pid of its own account in that file, also one given to another
    program since, and a zombie. The pid is overwritten rather than the file removed, because
    PostgreSQL goes on to check that no orphan of the dead server uses its shared memory.
    """
    try:
        content = _read_pid_file(data)
    except FileNotFoundError:
        return
    lines = content.splitlines(keepends=True)
    try:
        is_readable = int(lines[PID_LINE]) > 0
    except (ValueError, IndexError):
        is_readable = False
    if not is_readable:
        (data / PID_FILE).unlink(missing_ok=True)
        return
    content = b"".join([b"%d\n" % NOBODYS_PID, *lines[1:]])
    descriptor = os.open(data / PID_FILE, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.pwrite(descriptor, content, 0)
        os.ftruncate(descriptor, len(content))
    finally:
        os.close(descriptor)


def _read_pid_file(data: Path) -> bytes:
    descriptor = os.open(data / PID_FILE, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        return file.read()
