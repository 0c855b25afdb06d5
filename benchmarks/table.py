"""Bounds and how they are printed: what was measured, the bound, whether it holds.

What lives here: the lines of the table. What is measured is each benchmark's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """One measurement; without a bound it only informs."""

    what: str
    value: float
    unit: str
    bound: str = ""
    holds: bool = True

    @property
    def verdict(self) -> str:
        if not self.bound:
            return ""
        return "ok" if self.holds else "BROKEN"


def at_most(what: str, value: float, bound: float, unit: str) -> Line:
    """A measurement that must not be above its bound."""
    return Line(what, value, unit, f"<= {bound:,g}", value <= bound)


def at_least(what: str, value: float, bound: float, unit: str) -> Line:
    """A measurement that must not be below its bound."""
    return Line(what, value, unit, f">= {bound:,g}", value >= bound)


def noted(what: str, value: float, unit: str) -> Line:
    """A measurement without a bound."""
    return Line(what, value, unit)


def drawn(lines: Sequence[Line]) -> str:
    """The lines as a table of plain text."""
    rows = [("what", "measured", "bound", "")]
    rows += [
        (line.what, f"{_number(line.value)} {line.unit}".strip(), line.bound, line.verdict)
        for line in lines
    ]
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"
