"""Reading a dialogs file: JSON lines, one conversation a line.

Lives here: parsing, and refusing a broken line by its number. Not here: when its messages are
placed in a day (``timing``) and what becomes of them (``messenger``).
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .model import Conversation, Line


class BrokenLine(ValueError):
    """A line of the file that is no conversation; ``line`` counts from 1, 0 means the file."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


def read_dialogs(path: Path) -> list[Conversation]:
    """Every conversation of the file; blank lines are skipped, a broken one raises."""
    conversations: list[Conversation] = []
    seen: dict[str, int] = {}
    try:
        with path.open(encoding="utf-8-sig") as file:
            for line_number, text in enumerate(file, start=1):
                if text.strip():
                    conversation = parse_line(text, line_number)
                    if conversation.key in seen:
                        first = seen[conversation.key]
                        raise BrokenLine(
                            f"dialog_id {conversation.key!r} was on line {first} already",
                            line_number,
                        )
                    seen[conversation.key] = line_number
                    conversations.append(conversation)
    except (OSError, UnicodeDecodeError) as error:
        raise BrokenLine(f"cannot read {path}: {error}", 0) from error
    if not conversations:
        raise BrokenLine(f"{path} holds no dialogs", 0)
    return conversations


def parse_line(text: str, line_number: int) -> Conversation:
    """One conversation, or ``BrokenLine``."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise BrokenLine(f"not JSON: {error}", line_number) from error
    if not isinstance(document, dict):
        raise BrokenLine("not a JSON object", line_number)
    key, rows = document.get("dialog_id"), document.get("messages")
    if not isinstance(key, str | int) or isinstance(key, bool) or key == "":
        raise BrokenLine("dialog_id is missing", line_number)
    if not isinstance(rows, list) or not rows:
        raise BrokenLine("messages must be a list with at least one message", line_number)
    return Conversation(
        key=str(key),
        lines=[_line(row, index, line_number) for index, row in enumerate(rows)],
        language="en" if document.get("lang") == "en" else "ru",
    )


def _line(row: Any, index: int, line_number: int) -> Line:
    if not isinstance(row, dict):
        raise BrokenLine(f"messages[{index}] is not an object", line_number)
    if row.get("role") not in ("client", "agent"):
        raise BrokenLine(f"messages[{index}].role must be client or agent", line_number)
    if not isinstance(row.get("text"), str):
        raise BrokenLine(f"messages[{index}].text must be a string", line_number)
    at: datetime | None = None
    if row.get("ts") is not None:
        try:
            at = datetime.fromisoformat(row["ts"])
        except (TypeError, ValueError) as error:
            raise BrokenLine(f"messages[{index}].ts is no ISO time", line_number) from error
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return Line(role=row["role"], text=row["text"], at=at)
