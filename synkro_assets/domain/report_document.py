"""A report as a structure: title, sections, lines; no markup and no channel.

What lives here: the shape. Filling it is ``reporting``; turning it into Telegram messages is
``delivery/telegram.py``, into plain text ``plain_text`` below.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a section; ``lead`` is what the eye should catch first, ``quote`` a citation."""

    text: str
    lead: str = ""
    quote: str = ""
    is_bullet: bool = True


@dataclass(frozen=True, slots=True)
class Section:
    """A headed group of lines."""

    heading: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class ReportDocument:
    """A whole report, top to bottom."""

    title: str
    subtitle: str
    opening: str
    sections: tuple[Section, ...]
    notes: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def plain_text(document: ReportDocument) -> str:
    """The report for a terminal or a log."""
    blocks = [f"{document.title}\n{document.subtitle}"]
    if document.opening:
        blocks.append(document.opening)
    for section in document.sections:
        blocks.append("\n".join([section.heading, *map(_plain_line, section.lines)]))
    if document.notes:
        blocks.append("\n".join(document.notes))
    return "\n\n".join(blocks)


def _plain_line(line: Line) -> str:
    bullet = "• " if line.is_bullet else ""
    lead = f"{line.lead} — " if line.lead and line.text else line.lead
    quote = f"\n  «{line.quote}»" if line.quote else ""
    return f"{bullet}{lead}{line.text}{quote}"
