"""Which account runs the server and where its data lives.

An ordinary user runs it as itself, with the data in ``<home>/postgres``. PostgreSQL refuses to
run as root, so root hands it to an existing unprivileged account; when that account cannot reach
the home, the data lives in ``/var/lib/synkro/<hash of the home>`` and a note in the home says so.
The mode of a folder that already existed is never changed. The data directory itself is made in
``cluster``.
"""

import hashlib
import os
import pwd
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from synkro_assets.storage.embedded.binaries import (
    Binaries,
    copy_binaries,
    installed_binaries,
)
from synkro_assets.storage.embedded.failure import EmbeddedServerFailed
from synkro_assets.storage.embedded.postmaster import stop_postmaster

OUTSIDE_FOLDER = Path("/var/lib/synkro")
NOTE_FILE = "postgres.location.txt"
PASSWORD_FILE = "postgres.password"
ACCOUNTS = ("postgres", "nobody")
PROGRAM_SECONDS = 120


@dataclass(frozen=True)
class Account:
    """The operating system account a PostgreSQL program runs as."""

    name: str
    uid: int
    gid: int

    def run(self, command: list[str], folder: Path) -> subprocess.CompletedProcess[bytes]:
        """Run a program as this account, away from the terminal and the caller's environment."""
        other = os.geteuid() != self.uid
        try:
            return subprocess.run(
                command,
                cwd=folder,
                env={"PATH": os.defpath, "HOME": str(folder), "LC_ALL": "C", "TZ": "UTC"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                timeout=PROGRAM_SECONDS,
                check=False,
                user=self.uid if other else None,
                group=self.gid if other else None,
                extra_groups=[] if other else None,
            )
        except (OSError, subprocess.SubprocessError) as error:
            message = str(error).encode()
            return subprocess.CompletedProcess(command, 126, stdout=message)


@dataclass(frozen=True)
class Site:
    """Everything a start needs to know about one home."""

    home: Path
    folder: Path
    account: Account
    binaries: Binaries

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.folder / "data"

    @property
    def password_file(self) -> Path:
        """The caller's copy of the database password."""
        return self.home / PASSWORD_FILE


def make_home(home: Path) -> Path:
    """The real path of the home, created with its missing parents."""
    home = Path(os.path.realpath(home))
    if home.exists() and not home.is_dir():
        raise EmbeddedServerFailed(f"{home} is a file; set SYNKRO_HOME to a folder")
    _make_folder(home, mode=0o755 if os.geteuid() == 0 else 0o700)
    return home


def data_folder(home: Path) -> Path:
    """Where the data of this home is, or would be without a reason to live elsewhere."""
    return (_noted_folder(home) or home / "postgres") / "data"


def choose_site(home: Path) -> Site:
    """Settle account, folder and binaries for a start; call with the lock held."""
    installed = installed_binaries()
    if os.geteuid() != 0:
        account = _own_account()
        folder = _noted_folder(home) or home / "postgres"
        _make_folder(folder, mode=0o700)
        return Site(home, folder, account, installed)
    account = _unprivileged_account(data_folder(home))
    folder = _reachable_folder(home, account)
    return Site(home, folder, account, _runnable_binaries(installed, folder, account))


def outside_folder(home: Path) -> Path:
    """Where root keeps the data of a home that the server's account cannot reach."""
    return OUTSIDE_FOLDER / hashlib.sha256(os.fsencode(home)).hexdigest()[:12]


def _own_account() -> Account:
    try:
        entry = pwd.getpwuid(os.geteuid())
    except KeyError:
        raise EmbeddedServerFailed(
            f"PostgreSQL refuses to run as user id {os.geteuid()}, which has no name on this "
            "system; add it to /etc/passwd or set SYNKRO_DATABASE_URL"
        ) from None
    return Account(entry.pw_name, os.geteuid(), os.getegid())


def _unprivileged_account(data: Path) -> Account:
    """Whoever owns the data already; otherwise the first account of ACCOUNTS there is."""
    try:
        owner = data.stat()
        if owner.st_uid != 0:
            return Account(str(owner.st_uid), owner.st_uid, owner.st_gid)
    except OSError:
        pass
    for name in ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise EmbeddedServerFailed(
        f"PostgreSQL refuses to run as root and none of the accounts {', '.join(ACCOUNTS)} "
        "exists; run as an ordinary user or set SYNKRO_DATABASE_URL"
    )


def _reachable_folder(home: Path, account: Account) -> Path:
    inside, noted = home / "postgres", _noted_folder(home)
    if noted is not None:
        _make_folder(noted, mode=0o755)
        return noted
    if _can_enter(account, home):
        _make_folder(inside, mode=0o755)
        return inside
    if (inside / "data").exists():
        raise EmbeddedServerFailed(
            f"the account {account.name} can no longer reach {inside}; "
            "let it pass through every folder above, or move the home"
        )
    return _make_outside_folder(home)


def _make_outside_folder(home: Path) -> Path:
    outside = outside_folder(home)
    if outside.exists() and not (home / PASSWORD_FILE).exists():
        # Left by a home that was deleted together with its password and its note.
        stop_postmaster(outside / "data")
        shutil.rmtree(outside)
    _make_folder(outside, mode=0o755)
    note = home / NOTE_FILE
    note.write_bytes(
        b"The database of this folder lives elsewhere: its server cannot enter here.\n"
        + (b"folder: " + os.fsencode(home) + b"\n")
        + (b"database: " + os.fsencode(outside) + b"\n")
    )
    return outside


def _noted_folder(home: Path) -> Path | None:
    """The folder named by the note, unless the note was copied here from a home that still is."""
    try:
        lines = (home / NOTE_FILE).read_bytes().splitlines()
    except OSError:
        return None
    values = dict(line.split(b": ", 1) for line in lines if b": " in line)
    written_for = Path(os.fsdecode(values.get(b"folder", b"")))
    noted = Path(os.fsdecode(values.get(b"database", b"")))
    is_ours = noted.parent == OUTSIDE_FOLDER and re.fullmatch("[0-9a-f]{12}", noted.name)
    is_copied = written_for != home and written_for.exists()
    return noted if is_ours and not is_copied else None


def _runnable_binaries(installed: Binaries, folder: Path, account: Account) -> Binaries:
    # initdb needs the bundled libraries too, so it answers for all programs.
    if account.run([str(installed.program("initdb")), "--version"], folder).returncode == 0:
        return installed
    stamp = installed.program("postgres").stat()
    copied = copy_binaries(installed, folder / f"binaries-{stamp.st_mtime_ns:x}-{stamp.st_size:x}")
    result = account.run([str(copied.program("initdb")), "--version"], folder)
    if result.returncode != 0:
        reason = " ".join(result.stdout.decode(errors="replace").split())
        raise EmbeddedServerFailed(f"the account {account.name} cannot run PostgreSQL: {reason}")
    return copied


def _can_enter(account: Account, folder: Path) -> bool:
    command = ["/bin/sh", "-c", 'cd -- "$1"', "sh", str(folder)]
    return account.run(command, Path("/")).returncode == 0


def _make_folder(folder: Path, mode: int) -> None:
    """Create a folder and its missing parents with these modes, whatever the umask."""
    if folder.is_dir():
        return
    try:
        if not folder.parent.is_dir():
            _make_folder(folder.parent, 0o755)
        folder.mkdir(mode=mode)
        folder.chmod(mode)
    except FileExistsError:
        return
    except OSError as error:
        raise EmbeddedServerFailed(
            f"cannot create {folder}: {error.strerror}; "
            "set SYNKRO_HOME to a folder that this user may write"
        ) from error
