"""Creating the data directory, once, so that a killed attempt never counts as one.

The server that runs on it is in ``postmaster``; where it lives is settled in ``site``.
"""

import os
import re
import secrets
import shutil
import tempfile
from pathlib import Path

from synkro_assets.storage.embedded.failure import EmbeddedServerFailed
from synkro_assets.storage.embedded.site import Site

SUPERUSER = "synkro"
FIRST_VERSION_WITH_BUILTIN_LOCALE = 17
# Text sorts by code point everywhere. The character type is asked for by name because pg_trgm
# finds no Cyrillic letters without it; systems that lack it take the next line.
LOCALES = (["--locale=C", "--lc-ctype=C.UTF-8"], ["--locale=C"])
BUILTIN_LOCALE = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]


def ensure_cluster(site: Site) -> None:
    """Create the data directory unless it is there; call with the lock held."""
    for stale in site.folder.glob("data.partial*"):
        shutil.rmtree(stale, ignore_errors=True)
    (site.folder / "initdb.password").unlink(missing_ok=True)
    wanted = binaries_major_version(site)
    if not site.data.exists():
        _create(site, wanted)
        return
    found = cluster_version(site.data)
    if found != str(wanted):
        raise EmbeddedServerFailed(
            f"{site.data} was made by PostgreSQL {found or 'of an unknown version'} and this is "
            f"PostgreSQL {wanted}; dump it with the old version, or delete it to begin anew"
        )


def cluster_version(data: Path) -> str | None:
    """The major version that made the data directory."""
    try:
        return (data / "PG_VERSION").read_text(encoding="ascii", errors="replace").strip() or None
    except PermissionError as error:
        raise EmbeddedServerFailed(
            f"{data} belongs to another user; run Synkro as that user or as root"
        ) from error
    except OSError:
        return None


def binaries_major_version(site: Site) -> int:
    """The major version of the programs."""
    result = site.account.run([str(site.binaries.program("postgres")), "--version"], site.folder)
    text = result.stdout.decode(errors="replace")
    match = re.search(r"\(PostgreSQL\) (\d+)", text)
    if match is None:
        raise EmbeddedServerFailed(f"PostgreSQL does not run here: {' '.join(text.split())}")
    return int(match[1])


def read_password(site: Site) -> str:
    """The password of an existing data directory."""
    try:
        password = site.password_file.read_text(encoding="ascii", errors="replace").strip()
    except FileNotFoundError:
        password = ""
    except OSError as error:
        raise EmbeddedServerFailed(
            f"cannot read {site.password_file}: {error.strerror}; "
            "run Synkro as the user who owns it"
        ) from error
    if not password:
        raise EmbeddedServerFailed(
            f"{site.password_file} is missing; put it back, "
            f"or delete {site.data} as well to begin anew"
        )
    return password


def _create(site: Site, version: int) -> None:
    password = _new_password(site)
    for_initdb = site.folder / "initdb.password"
    provider = BUILTIN_LOCALE if version >= FIRST_VERSION_WITH_BUILTIN_LOCALE else []
    try:
        _write_private(for_initdb, password, site.account.uid, site.account.gid)
        for locale in LOCALES:
            # A name of its own: an initdb that outlives its killed caller harms nobody.
            partial = Path(tempfile.mkdtemp(prefix="data.partial-", dir=site.folder))
            os.chown(partial, site.account.uid, site.account.gid)
            failure = _initdb(site, partial, for_initdb, [*provider, *locale])
            if failure is None:
                partial.rename(site.data)
                return
            shutil.rmtree(partial, ignore_errors=True)
    except OSError as error:
        raise EmbeddedServerFailed(f"cannot create {site.data}: {error}") from error
    finally:
        for_initdb.unlink(missing_ok=True)
    raise EmbeddedServerFailed(f"cannot create {site.data}: {failure}")


def _cheap_password_hash(site: Site) -> list[str]:
    """One round of hashing: Dagster connects for every statement, and a random password of this
    length is no easier to guess for it. The setting exists since PostgreSQL 16."""
    return ["--set=scram_iterations=1"] if binaries_major_version(site) >= 16 else []


def _initdb(site: Site, partial: Path, password: Path, locale: list[str]) -> str | None:
    """Run initdb; returns what it complained about, if it did."""
    command = [
        str(site.binaries.program("initdb")),
        f"--pgdata={partial}",
        f"--username={SUPERUSER}",
        f"--pwfile={password}",
        "--encoding=UTF8",
        *locale,
        "--auth-host=scram-sha-256",
        "--auth-local=reject",
        *_cheap_password_hash(site),
    ]
    result = site.account.run(command, site.folder)
    if result.returncode == 0:
        return None
    return " ".join(result.stdout.decode(errors="replace").split())[-600:]


def _new_password(site: Site) -> str:
    password = secrets.token_hex(24)
    site.password_file.unlink(missing_ok=True)
    _write_private(site.password_file, password, os.geteuid(), os.getegid())
    return password


def _write_private(path: Path, text: str, uid: int, gid: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        os.fchown(descriptor, uid, gid)
        os.write(descriptor, text.encode("ascii") + b"\n")
    finally:
        os.close(descriptor)
