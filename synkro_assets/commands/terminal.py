"""Printing: progress and words on stderr, results on stdout, one JSON document when asked.

What lives here: how things look in a terminal, and asking for a password there. What is printed is
decided by the commands.
"""

from __future__ import annotations

import getpass
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.table import Table

from synkro_assets.domain.errors import UsageProblem

SECONDS_BETWEEN_LINES = 5.0

stderr = Console(stderr=True, highlight=False, soft_wrap=True)


def say(text: str, style: str = "") -> None:
    """A line for the person who waits; markup in ``text`` is not interpreted."""
    stderr.print(text, style=style or None, markup=False)


def saying(pattern: str) -> Callable[[str], None]:
    """Say ``pattern`` with each given word in it."""
    return lambda word: say(pattern.format(word))


@contextmanager
def busy(text: str) -> Iterator[None]:
    """A spinner while work of unknown length goes on (nothing when stderr is no terminal)."""
    with stderr.status(text):
        yield


@contextmanager
def counting(text: str) -> Iterator[Callable[[int, int], None]]:
    """How much of the work is done, as the given function is told; a pipe gets a line at times."""
    with stderr.status(text) as status:
        last_line = time.monotonic()

        def told(done: int, total: int) -> None:
            nonlocal last_line
            said = f"{text}: {done} of {total}"
            status.update(said)
            if not stderr.is_terminal and time.monotonic() - last_line >= SECONDS_BETWEEN_LINES:
                last_line = time.monotonic()
                say(said)

        yield told


def emit(document: Any) -> None:
    """One JSON document on stdout."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2, default=str) + "\n")


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """A plain table on stdout; a pipe gets whole lines, however long."""
    drawn = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        drawn.add_row(*("" if cell is None else str(cell) for cell in row))
    width = None if sys.stdout.isatty() else 4096
    Console(highlight=False, markup=False, soft_wrap=True, width=width).print(drawn)


def show(text: str) -> None:
    """Text on stdout as it is."""
    sys.stdout.write(text.rstrip("\n") + "\n")


def new_password() -> str:
    """A password typed twice, unseen; where nobody types, the first line of standard input."""
    if not sys.stdin.isatty():
        line = sys.stdin.readline().rstrip("\r\n")
        if not line:
            raise UsageProblem("no password came in: write it to standard input as one line")
        return line
    first = getpass.getpass("New password: ")
    if getpass.getpass("Once more: ") != first:
        raise UsageProblem("the two passwords differ: nothing was changed")
    return first
