"""The ``synkro`` command, as a process of its own or in this one.

What lives here: starting it and what it answered. What it should answer is ``test_command_line``.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from synkro_assets import cli
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
                **self._environment(environment),
                "PYTHONPATH": str(PROJECT_ROOT),
                "PYTHONDONTWRITEBYTECODE": "1",
            },
        )
        return self._answer(done.returncode, done.stdout, done.stderr)

    def here(self, *arguments: str, stdin: str = "", **environment: str) -> Answer:
        """The same in this process, which saves the second that a process takes to start.

        For commands of which neither the process nor what it logs is looked at.
        """
        out, err, code = io.StringIO(), io.StringIO(), 0
        with (
            patch.dict(os.environ, self._environment(environment), clear=True),
            patch.object(sys, "argv", ["synkro", *arguments]),
            patch.object(sys, "stdin", io.StringIO(stdin)),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            try:
                cli.main()
            except SystemExit as ended:
                code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        return self._answer(code, out.getvalue(), err.getvalue())

    def _environment(self, changes: dict[str, str]) -> dict[str, str]:
        return {
            **{k: v for k, v in os.environ.items() if not k.startswith("SYNKRO_")},
            "SYNKRO_HOME": str(self.home),
            "SYNKRO_DATABASE_URL": self.database_url,
            **changes,
        }

    def _answer(self, code: int, stdout: str, stderr: str) -> Answer:
        self.printed.extend((stdout, stderr))
        return Answer(code, stdout, stderr)
