"""Asking for what comes next while the last answer is being looked at.

What lives here: requests under way whose answers have not been asked for yet. Which requests those
are, is known to whoever pages (``pagination``) and asks (the clients).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from queue import SimpleQueue
from typing import Any

# A request that nobody wants any more ends by itself; its answer is not worth more waiting.
_PATIENCE_SECONDS = 1.0


class ReadAhead:
    """Questions of one reader, some asked ahead: each in a thread beside, up to ``most`` at once.

    What went wrong ahead is raised to whoever wants the answer, and to nobody when nobody does.
    """

    def __init__(self, ask: Callable[[Any], Any], most: int = 1) -> None:
        self._ask, self._most = ask, most
        self._ahead: dict[Hashable, _Asked] = {}
        self._begun: SimpleQueue[_Asked | None] = SimpleQueue()
        self._threads = 0

    @property
    def room(self) -> int:
        """How many more questions can be under way."""
        return self._most - len(self._ahead)

    def begin(self, question: Hashable) -> None:
        """Ask now what ``get`` will be asked later."""
        asked = self._ahead[question] = _Asked(question)
        if self._threads < min(len(self._ahead), self._most):
            self._threads += 1
            work = threading.Thread(
                target=_answer, args=[self._begun, self._ask], name="synkro-ahead", daemon=True
            )
            work.start()
        self._begun.put(asked)

    def get(self, question: Hashable) -> Any:
        """The answer to a question, which was asked ahead or is asked now."""
        ahead = self._ahead.pop(question, None)
        return self._ask(question) if ahead is None else ahead.answer()

    def close(self) -> None:
        """Wait a moment for questions that are still under way."""
        for _ in range(self._threads):
            self._begun.put(None)
        self._threads = 0
        end = time.monotonic() + _PATIENCE_SECONDS
        for asked in self._ahead.values():
            asked.has_ended.wait(max(0.0, end - time.monotonic()))
        self._ahead.clear()


class _Asked:
    """A question and, once it has ended, its answer or what went wrong."""

    def __init__(self, question: Hashable) -> None:
        self.question = question
        self.has_ended = threading.Event()
        self._answer: Any = None
        self._problem: BaseException | None = None

    def work(self, ask: Callable[[Any], Any]) -> None:
        try:
            self._answer = ask(self.question)
        except BaseException as problem:  # whatever it is: it is whose answer it would have been
            self._problem = problem
        self.has_ended.set()

    def answer(self) -> Any:
        self.has_ended.wait()
        if self._problem is not None:
            raise self._problem
        return self._answer


def _answer(begun: SimpleQueue[_Asked | None], ask: Callable[[Any], Any]) -> None:
    while (asked := begun.get()) is not None:
        asked.work(ask)
        # Not kept until the next one comes: an answer is a page.
        del asked
