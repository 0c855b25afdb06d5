"""Stopping a server that nobody uses any more, also when its last user was killed.

Every user has a sleeping shell that reads from a pipe only that user writes to. A user who leaves
in order sends a line and the shell ends; when the user dies, the pipe closes and the shell becomes
this module, which looks whether anybody else is there. Leaving in order is in ``embedded_server``.
"""

import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from synkro_assets.storage.embedded.leases import LOCK_FILE, drop_dead_leases, locked
from synkro_assets.storage.embedded.postmaster import stop_postmaster
from synkro_assets.storage.embedded.site import data_folder

SLEEP_UNTIL_THE_USER_DIES = 'read -r line || exec "$@"'
PACKAGE_ROOT = Path(__file__).resolve().parents[3]
# A user killed while starting leaves pg_ctl behind, whose server appears a moment later.
SECOND_LOOK_SECONDS = 2.0


def stop_abandoned(home: Path) -> bool:
    """Stop the server of this home if no living process uses it; True when one was stopped."""
    home = Path(os.path.realpath(home))
    if not (home / LOCK_FILE).exists():
        return False
    with locked(home):
        if drop_dead_leases(home):
            return False
        return stop_postmaster(data_folder(home))


class Watchdog:
    """The sleeping shell of one user."""

    def __init__(self, home: Path) -> None:
        path = os.pathsep.join([str(PACKAGE_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
        python = [sys.executable, "-m", "synkro_assets.storage.embedded.watchdog", str(home)]
        self._shell = subprocess.Popen(
            ["/bin/sh", "-c", SLEEP_UNTIL_THE_USER_DIES, "sh", *python],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={**os.environ, "PYTHONPATH": path},
            start_new_session=True,
        )

    def dismiss(self) -> None:
        """End the shell: its user left in order."""
        with suppress(OSError):
            self._shell.communicate(b"left\n")


def main(home: Path) -> None:
    """Look twice whether the server of a dead user is still needed."""
    if not stop_abandoned(home):
        time.sleep(SECOND_LOOK_SECONDS)
        stop_abandoned(home)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
