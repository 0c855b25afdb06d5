"""The ``synkro`` command as a process of its own.

What lives here: starting it and what it answered. What it should answer is ``test_command_line``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synkro_assets.settings import PROJECT_ROOT

PROGRAM = "from synkro_assets.cli import main; main()"


@dataclass(frozen=True, slots=True)
class Answer:
    """How a command ended and what it said."""

    code: int
    stdout: str
    stderr: str

    def document(self) -> Any:
        """The one JSON document on stdout."""
        assert self.code == 0, self.stderr
        return json.loads(self.stdout)

    def complaint(self, code: int) -> str:
        """The one line of a command that failed."""
        said = self.stderr.strip()
        assert self.code == code, f"exit {self.code}: {self.stdout}{said}"
        assert "Traceback" not in said
        assert len(said.splitlines()) == 1, said
        assert said.startswith("synkro: ")
        assert self.stdout == ""
        return said


@dataclass(frozen=True, slots=True)
class CommandLine:
    """``synkro`` on one installation; remembers all it ever printed."""

    home: Path
    database_url: str
    printed: list[str]

    def __call__(self, *arguments: str, stdin: str = "", **environment: str) -> Answer:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            cwd=self.home,
            env={
                **{k: v for k, v in os.environ.items() if not k.startswith("SYNKRO_")},
                "PYTHONPATH": str(PROJECT_ROOT),
                "PYTHONDONTWRITEBYTECODE": "1",
                "SYNKRO_HOME": str(self.home),
                "SYNKRO_DATABASE_URL": self.database_url,
                **environment,
            },
        )
        self.printed.extend((done.stdout, done.stderr))
        return Answer(done.returncode, done.stdout, done.stderr)
