"""A report's structure as Telegram messages: HTML, split where Telegram's limit demands it.

What lives here: markup and splitting. Sending is ``outbox``; the Bot API's client is
``providers/telegram``.

Telegram takes 4096 UTF-16 code units a message after parsing the entities (Bot API, sendMessage).
Markup is built line by line and never crosses a line, so that a cut between lines cuts no tag.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from synkro_assets.domain.report_document import Line, ReportDocument

MESSAGE_LIMIT = 4096


def messages(document: ReportDocument, limit: int = MESSAGE_LIMIT) -> list[str]:
    """The report as HTML messages of at most ``limit`` UTF-16 code units each, in order."""
    parts: list[str] = []
    current = ""
    for paragraph in _paragraphs(document):
        for piece in _pieces(paragraph, limit):
            joined = f"{current}\n\n{piece}" if current else piece
            if utf16_length(joined) <= limit:
                current = joined
            else:
                parts.append(current)
                current = piece
    return [*parts, current]


def utf16_length(text: str) -> int:
    """The length Telegram counts; tags and escapes are counted too, which errs on the safe side."""
    return len(text.encode("utf-16-le")) // 2


def _paragraphs(document: ReportDocument) -> Iterator[list[str]]:
    """Paragraphs as lists of lines that each hold balanced markup."""
    yield [f"<b>{escape(document.title)}</b>", escape(document.subtitle)]
    if document.opening:
        yield [escape(document.opening)]
    for section in document.sections:
        lines = [html for line in section.lines for html in _line(line)]
        yield [f"<b>{escape(section.heading)}</b>", *lines]
    if document.notes:
        yield [f"<i>{escape(note)}</i>" for note in document.notes]


def _line(line: Line) -> Iterator[str]:
    bullet = "• " if line.is_bullet else ""
    lead = f"<b>{escape(line.lead)}</b>" if line.lead else ""
    dash = " — " if line.lead and line.text else ""
    yield f"{bullet}{lead}{dash}{escape(line.text)}"
    if line.quote:
        yield f"<i>«{escape(line.quote)}»</i>"


def _pieces(lines: list[str], limit: int) -> Iterator[str]:
    """A paragraph in as few pieces as the limit allows, cut between lines."""
    current = ""
    for line in lines:
        for part in _cut(line, limit):
            joined = f"{current}\n{part}" if current else part
            if utf16_length(joined) <= limit:
                current = joined
            else:
                yield current
                current = part
    yield current


def _cut(line: str, limit: int) -> Iterator[str]:
    """A line that is longer than a whole message, as plain text in pieces; else the line itself."""
    if utf16_length(line) <= limit:
        yield line
        return
    piece = ""
    for token in _tokens(line):
        if utf16_length(piece + token) > limit:
            yield piece
            piece = ""
        piece += token
    yield piece


def _tokens(line: str) -> Iterator[str]:
    """Characters and escapes of a line, its tags left out."""
    position = 0
    while position < len(line):
        opening = line[position]
        if opening == "<":
            position = line.index(">", position) + 1
        elif opening == "&":
            end = line.index(";", position) + 1
            yield line[position:end]
            position = end
        else:
            yield opening
            position += 1
