"""The real ``synkro`` as a process, in a home of the test's own.

What lives here: starting it and looking at what it leaves; nothing of the product is called.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-c", "from synkro_assets.cli import main; main()"]


def environment(home: Path, **more: str) -> dict[str, str]:
    """A bare environment with nothing of Synkro but the home."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, "PYTHONPATH": str(ROOT), "SYNKRO_HOME": str(home), **more}


def synkro(home: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    return subprocess.run(
        [*COMMAND, *arguments],
        env=environment(home, **more),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def document(result: subprocess.CompletedProcess[str]) -> Any:
    """The JSON document a command put on stdout; its exit code must be 0."""
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def eventually(is_so: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait until something is so; fail when it is not in time."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.2)


def processes_of(home: Path) -> list[str]:
    """The processes that have this home in their environment or command line."""
    found = []
    for process in psutil.process_iter(["cmdline", "environ"]):
        words = process.info["cmdline"] or []
        variables = process.info["environ"] or {}
        is_of_home = variables.get("SYNKRO_HOME") == str(home) or str(home) in " ".join(words)
        if is_of_home and process.pid != os.getpid():
            found.append(" ".join(words)[:200])
    return found
