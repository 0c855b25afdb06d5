"""Running a program and measuring it: wall time, CPU of it and its children, peak memory.

What lives here: the measuring. What is run is each benchmark's own.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from synkro_assets.settings import PROJECT_ROOT

LAUNCHER = Path(__file__).with_name("launcher.py")


class ProgramFailed(RuntimeError):
    """A measured program ended badly; carries the end of what it said."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What one program cost; ``peak_mib`` is of the program itself, without its children."""

    wall: float
    cpu: float
    peak_mib: float
    stdout: str
    stderr: str


def measure_synkro(environment: dict[str, str], *arguments: str) -> Measured:
    """Run a ``synkro`` command to its end."""
    with tempfile.TemporaryDirectory(prefix="synkro-bench-") as folder:
        note = Path(folder) / "peak"
        done = measure([sys.executable, str(LAUNCHER), str(note), *arguments], environment)
        return Measured(done.wall, done.cpu, float(note.read_text()), done.stdout, done.stderr)


def measure(command: list[str], environment: dict[str, str]) -> Measured:
    """Run a program to its end; raises ProgramFailed unless it ends with 0."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        started = time.monotonic()
        process = subprocess.Popen(
            command, env=environment, cwd=PROJECT_ROOT, stdout=out, stderr=err,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        _, status, used = os.wait4(process.pid, 0)
        wall = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        said, complained = out.read().decode(), err.read().decode()
    if process.returncode != 0:
        raise ProgramFailed(
            f"{' '.join(command)} ended {process.returncode}:\n{complained[-3000:]}"
        )
    return Measured(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, said, complained)
