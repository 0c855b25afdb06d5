"""Asking for a password: unseen and twice, or one line where nobody types."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator

import pytest

from synkro_assets.commands import terminal
from synkro_assets.domain.errors import UsageProblem


class Keyboard(io.StringIO):
    def isatty(self) -> bool:
        return True


def typing(monkeypatch: pytest.MonkeyPatch, *words: str) -> None:
    typed: Iterator[str] = iter(words)
    monkeypatch.setattr(sys, "stdin", Keyboard())
    monkeypatch.setattr("getpass.getpass", lambda prompt: next(typed))


def test_at_a_terminal_it_is_typed_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    typing(monkeypatch, "correct horse", "correct horse")
    assert terminal.new_password() == "correct horse"
    typing(monkeypatch, "correct horse", "correct hose")
    with pytest.raises(UsageProblem, match="the two passwords differ"):
        terminal.new_password()


def test_elsewhere_it_is_the_first_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(" with blanks \r\nand more\n"))
    assert terminal.new_password() == " with blanks "
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    with pytest.raises(UsageProblem, match="no password came in"):
        terminal.new_password()
