"""Asking for the next page while the last one is being looked at.

What lives here: one request under way whose answer has not been asked for yet. Which request that
is, is known to whoever pages (``pagination``) and asks (the clients).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from queue import SimpleQueue
from typing import Any

# A request that nobody wants any more ends by itself; its answer is not worth more waiting.
_PATIENCE_SECONDS = 1.0


class ReadAhead:
    """At most one question ahead, asked in a thread beside; ``get`` has its answer or asks.

    The road is used by one thread at a time. What went wrong ahead is raised to whoever asks for
    the answer, and to nobody when nobody does.
    """

    def __init__(self) -> None:
        self._ahead: _Asked | None = None
        self._questions: SimpleQueue[_Asked | None] | None = None

    def begin(self, question: Hashable, ask: Callable[[], Any]) -> None:
        """Ask now for what ``get`` will be asked next."""
        self._ended()
        if self._questions is None:
            self._questions = SimpleQueue()
            work = threading.Thread(
                target=_answer, args=[self._questions], name="synkro-ahead", daemon=True
            )
            work.start()
        self._ahead = _Asked(question, ask)
        self._questions.put(self._ahead)

    def get(self, question: Hashable, ask: Callable[[], Any]) -> Any:
        """The answer to a question, asked ahead or now."""
        ahead = self._ended()
        if ahead is not None and ahead.question == question:
            return ahead.answer()
        return ask()

    def close(self) -> None:
        """Wait a moment for a question that is still under way."""
        if self._questions is not None:
            self._questions.put(None)
            self._questions = None
        if self._ahead is not None:
            self._ahead.has_ended.wait(_PATIENCE_SECONDS)
            self._ahead = None

    def _ended(self) -> _Asked | None:
        """What was asked ahead, its answer there; it is nobody's any more."""
        ahead, self._ahead = self._ahead, None
        if ahead is not None:
            ahead.has_ended.wait()
        return ahead


class _Asked:
    """A question and, once it has ended, its answer or what went wrong."""

    def __init__(self, question: Hashable, ask: Callable[[], Any]) -> None:
        self.question = question
        self.has_ended = threading.Event()
        self._ask = ask
        self._answer: Any = None
        self._problem: BaseException | None = None

    def work(self) -> None:
        try:
            self._answer = self._ask()
        except BaseException as problem:  # whatever it is: it is whose answer it would have been
            self._problem = problem
        self.has_ended.set()

    def answer(self) -> Any:
        if self._problem is not None:
            raise self._problem
        return self._answer


def _answer(questions: SimpleQueue[_Asked | None]) -> None:
    while (asked := questions.get()) is not None:
        asked.work()
        # Not kept until the next one comes: an answer is a page.
        del asked
