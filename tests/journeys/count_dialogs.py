"""Counts the conversations of a dialogs file: ``python tests/journeys/count_dialogs.py FILE``.

What lives here: counting from the file alone (contracts §8), with nothing of the product, so that
its numbers can be held against the product's. Only roles and their order count: a turn is a run of
the client's messages, and the agent's next message answers it.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path


@dataclass(frozen=True)
class Counts:
    """What a file, or one conversation, holds."""

    dialogs: int
    messages_in: int
    messages_out: int
    replies: int
    unanswered: int

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(a + b for a, b in zip(_values(self), _values(other), strict=True)))


def count(path: Path) -> Counts:
    """Everything in a file."""
    return sum(by_dialog(path).values(), Counts(0, 0, 0, 0, 0))


def by_dialog(path: Path) -> dict[str, Counts]:
    """Each conversation by its id."""
    with path.open(encoding="utf-8-sig") as file:
        dialogs = [json.loads(line) for line in file if line.strip()]
    return {
        str(dialog["dialog_id"]): _of_roles([row["role"] for row in dialog["messages"]])
        for dialog in dialogs
    }


def _of_roles(roles: list[str]) -> Counts:
    """One conversation; of its client's runs only the last can lack an answer."""
    runs = [role for role, _ in groupby(roles)]
    waits = runs[-1] == "client"
    return Counts(
        dialogs=1,
        messages_in=roles.count("client"),
        messages_out=roles.count("agent"),
        replies=runs.count("client") - waits,
        unanswered=int(waits),
    )


def _values(counts: Counts) -> list[int]:
    return list(asdict(counts).values())


if __name__ == "__main__":
    print(json.dumps(asdict(count(Path(sys.argv[1]))), indent=2))
