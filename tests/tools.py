"""Tools that not every machine has, and what is said where one is missing.

What lives here: finding them. ``python -m tests.tools`` names the suites that cannot run here; it
ends `make test`. In CI nothing may be missing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import NoReturn

import pytest

from tests.compose import ROOT, must_exist

SUPABASE = ROOT / "node_modules" / ".bin" / "supabase"
LITE = ROOT / "node_modules" / ".bin" / "lite"
NO_LITE = "Supabase's server of the Data API is not installed: `npm ci` brings it, Node runs it"
NO_SUPABASE = "Supabase's command line is not installed: `npm ci` brings it"
NO_PGTAP = "pgTAP is not installed: Debian has it as postgresql-15-pgtap"
NO_PG_PROVE = "pg_prove is not installed: Debian has it as libtap-parser-sourcehandler-pgtap-perl"
NO_PLPGSQL_CHECK = "this server has no plpgsql_check: Debian has it as postgresql-15-plpgsql-check"

# Where Debian, Homebrew and PostgreSQL's own packages keep extensions.
_EXTENSIONS = (
    "/usr/share/postgresql/*/extension",
    "/opt/homebrew/share/postgresql*/extension",
    "/usr/pgsql-*/share/extension",
)


def not_run(reason: str) -> NoReturn:
    """Skip the test that needs what is missing; in CI it has failed."""
    if must_exist():
        pytest.fail(reason)
    pytest.skip(reason)


def pgtap_file() -> Path | None:
    """pgTAP's plain SQL, which loads into any database without being an extension."""
    found = [
        path
        for pattern in _EXTENSIONS
        for path in Path("/").glob(f"{pattern[1:]}/pgtap--*.sql")
        # From one version to the next: pgtap--1.2.0--1.3.0.sql.
        if path.name.count("--") == 1
    ]
    return max(found, default=None, key=lambda path: path.name)


def has_lite() -> bool:
    """Whether Supabase's server of the Data API can be started here."""
    return LITE.exists() and shutil.which("node") is not None


def run_supabase(
    *arguments: str, home: Path, folder: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    """Supabase's command line on the ``supabase/`` of a folder; it may leave files in both."""
    if not SUPABASE.exists():
        not_run(NO_SUPABASE)
    kept = {name: os.environ[name] for name in ("PATH",) if name in os.environ}
    quiet = {"SUPABASE_TELEMETRY_DISABLED": "1", "DO_NOT_TRACK": "1", "NO_COLOR": "1"}
    return subprocess.run(
        [SUPABASE, "--agent", "no", "--workdir", folder, "--yes", *arguments],
        env={**kept, **quiet, "HOME": str(home)},
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def remote(url: str) -> str:
    """How Supabase's command line is told a database that speaks no TLS."""
    return f"--remote={url}?sslmode=disable"


def main() -> None:
    """Name what could not run."""
    for is_missing, reason in (
        (not SUPABASE.exists(), NO_SUPABASE),
        (not has_lite(), NO_LITE),
        (pgtap_file() is None, NO_PGTAP),
    ):
        if is_missing:
            print(f"not run here: {reason}")


if __name__ == "__main__":
    main()
