"""The real Compose, which reads ``docker-compose.yml`` here without an engine.

What lives here: finding it, and what it makes of the file. ``python -m tests.compose`` is the
validation of ``make check``.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "docker-compose.yml"
# What the file asks for; without them it is refused.
REQUIRED = {"POSTGRES_PASSWORD": "for-validation", "SYNKRO_ENCRYPTION_KEYS": "for-validation"}
# Set by CI, where a check that finds no Compose has failed.
EVERYTHING_VARIABLE = "SYNKRO_RUN_EVERYTHING"
NOT_FOUND = (
    "no Compose here: requirements-dev.txt brings it for Python 3.11 on Linux x86-64; elsewhere "
    "install Docker's compose plugin"
)


def compose() -> list[str] | None:
    """The command, from the pinned package or else from Docker; None when there is neither."""
    package = importlib.util.find_spec("compose")
    for folder in (package.submodule_search_locations or []) if package else []:
        # The package's own wrapper exits 0 whatever Compose said.
        program = Path(folder) / "docker-compose"
        if program.is_file():
            return [str(program)]
    docker = shutil.which("docker")
    if docker is None:
        return None
    plugin = subprocess.run([docker, "compose", "version"], capture_output=True, check=False)
    return [docker, "compose"] if plugin.returncode == 0 else None


def must_exist() -> bool:
    """Whether a missing Compose is a failure rather than something to skip."""
    return os.environ.get(EVERYTHING_VARIABLE) == "1"


def config(
    variables: dict[str, str], *options: str, file: Path = FILE
) -> subprocess.CompletedProcess[str]:
    """``compose config`` with these variables alone; neither this environment nor a .env counts."""
    command = compose()
    assert command is not None, NOT_FOUND
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    nothing = ["--env-file", os.devnull, "--profile", "*"]
    return subprocess.run(
        [*command, "--file", str(file), *nothing, "config", *options],
        env={**kept, **variables},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def resolved(variables: dict[str, str]) -> dict[str, Any]:
    """The whole file with anchors, defaults and variables filled in."""
    read = config(variables, "--format", "json")
    assert read.returncode == 0, read.stderr
    # Compose doubles every dollar sign, so that its output may be fed to it again.
    return dict(json.loads(read.stdout.replace("$$", "$")))


def main() -> None:
    """Validate the file; exit 1 when Compose refuses it."""
    if compose() is None:
        print(NOT_FOUND if must_exist() else f"not checked: docker-compose.yml ({NOT_FOUND})")
        sys.exit(1 if must_exist() else 0)
    read = config(REQUIRED, "--quiet")
    sys.stderr.write(read.stderr)
    sys.exit(min(read.returncode, 1))


if __name__ == "__main__":
    main()
