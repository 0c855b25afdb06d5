"""A PostgreSQL server of one's own, shared by every command that works on the same home.

The first user starts it, the last one to leave stops it. What the commands call lives here; how
it is done is in the package ``embedded``, and SQL is in the other modules of ``storage``.

    with running_server(home) as url:
        ...
"""

import os
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from synkro_assets.storage.embedded.cluster import cluster_version
from synkro_assets.storage.embedded.failure import EmbeddedServerFailed
from synkro_assets.storage.embedded.leases import (
    LEASE_FILE,
    LOCK_FILE,
    Lease,
    add_lease,
    drop_dead_leases,
    drop_lease,
    living_leases,
    locked,
    new_lease,
)
from synkro_assets.storage.embedded.postmaster import find_postmaster, stop_postmaster
from synkro_assets.storage.embedded.site import (
    NOTE_FILE,
    OUTSIDE_FOLDER,
    PASSWORD_FILE,
    choose_site,
    data_folder,
    make_home,
)
from synkro_assets.storage.embedded.startup import ensure_running
from synkro_assets.storage.embedded.watchdog import Watchdog, stop_abandoned

__all__ = [
    "EmbeddedServer",
    "EmbeddedServerFailed",
    "ServerStatus",
    "attach",
    "discard",
    "running_server",
    "server_status",
    "stop_abandoned",
]


@dataclass(frozen=True)
class ServerStatus:
    """What ``synkro doctor`` shows; ``users`` are the pids of living users, one per use."""

    is_running: bool
    pid: int | None
    port: int | None
    version: str | None
    users: tuple[int, ...]
    data: Path


class EmbeddedServer:
    """One use of the server; made by ``attach`` and ended by ``leave``."""

    def __init__(self, home: Path, lease: Lease) -> None:
        self.url = ""
        self.home = home
        self._lease = lease
        self._data = data_folder(home)
        self._watchdog = Watchdog(home)
        self._mutex = threading.Lock()
        self._has_left = False

    def _start(self) -> None:
        with locked(self.home):
            site = choose_site(self.home)
            self._data = site.data
            _, self.url = ensure_running(site)

    def leave(self) -> None:
        """End this use, and stop the server if it was the last; calling again does nothing.

        A process forked from the user inherits this object but not the use.
        """
        with self._mutex:
            if self._has_left or os.getpid() != self._lease.pid:
                return
            self._has_left = True
        if self.home.is_dir():
            with locked(self.home):
                if not drop_lease(self.home, self._lease):
                    stop_postmaster(self._data)
        else:
            stop_postmaster(self._data)
        self._watchdog.dismiss()


def attach(home: Path) -> EmbeddedServer:
    """Use the server of this home, starting it if need be; the caller must ``leave``."""
    home = make_home(home)
    lease = new_lease()
    with locked(home):
        add_lease(home, lease)
    server = EmbeddedServer(home, lease)
    try:
        server._start()
    except BaseException:
        server.leave()
        raise
    return server


@contextmanager
def running_server(home: Path) -> Iterator[str]:
    """The address of the server of this home, for as long as the block lasts."""
    server = attach(home)
    try:
        yield server.url
    finally:
        server.leave()


def server_status(home: Path) -> ServerStatus:
    """What is true of this home now; changes nothing and creates nothing."""
    home = Path(os.path.realpath(home))
    data = data_folder(home)
    server = find_postmaster(data)
    return ServerStatus(
        is_running=server is not None,
        pid=server.pid if server else None,
        port=server.port if server else None,
        version=cluster_version(data),
        users=tuple(lease.pid for lease in living_leases(home)),
        data=data,
    )


def discard(home: Path) -> None:
    """Delete the database of this home, wherever it lives; refuses while somebody uses it."""
    home = Path(os.path.realpath(home))
    if not (home / LOCK_FILE).exists():
        return
    with locked(home):
        users = sorted({lease.pid for lease in drop_dead_leases(home)})
        if users:
            raise EmbeddedServerFailed(
                f"the database in {home} is in use by pid {', '.join(map(str, users))}; "
                "stop that first"
            )
        data = data_folder(home)
        stop_postmaster(data)
        if data.parent.exists():
            shutil.rmtree(data.parent)
        for name in (NOTE_FILE, PASSWORD_FILE, LEASE_FILE):
            (home / name).unlink(missing_ok=True)
    with suppress(OSError):
        OUTSIDE_FOLDER.rmdir()


if __name__ == "__main__":
    # `make clean` runs this: it must work without the command line and its settings.
    verb, of_home = sys.argv[1:]
    {"stop": stop_abandoned, "discard": discard}[verb](Path(of_home))
