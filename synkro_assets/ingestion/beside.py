"""Reading one thing in a thread while another is read.

What lives here: the thread, its outcome and its end. What is read side by side is known to whoever
asks; how often a provider is asked is decided where it always is, whichever thread asks.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar

Outcome = TypeVar("Outcome")
Payload = dict[str, Any]
WhileWanted = Callable[[Iterable[Payload]], Iterator[Payload]]
"""Walks over what is read, until nobody wants the outcome any more."""

# A request that nobody wants any more ends by itself; its answer is not worth more waiting.
_PATIENCE_SECONDS = 1.0


class Abandoned(RuntimeError):
    """Nobody wants the outcome any more."""


class Beside(Generic[Outcome]):
    """``work`` done in a thread from now on; a context manager, which abandons it at its end.

    Work that is abandoned ends with the next record it walks over.
    """

    def __init__(self, work: Callable[[WhileWanted], Outcome]) -> None:
        self._work = work
        self._is_abandoned = False
        self._outcome: list[Outcome] = []
        self._problem: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="synkro-beside", daemon=True)
        self._thread.start()

    def outcome(self) -> Outcome:
        """What the work came to, once it has; raises what it raised."""
        self._thread.join()
        if self._problem is not None:
            raise self._problem
        return self._outcome[0]

    def __enter__(self) -> Beside[Outcome]:
        return self

    def __exit__(self, *_: object) -> None:
        self._is_abandoned = True
        self._thread.join(_PATIENCE_SECONDS)

    def _run(self) -> None:
        try:
            self._outcome.append(self._work(self._while_wanted))
        except BaseException as problem:  # whatever it is: whoever wants the outcome raises it
            self._problem = problem

    def _while_wanted(self, walked: Iterable[Payload]) -> Iterator[Payload]:
        for each in walked:
            if self._is_abandoned:
                raise Abandoned
            yield each
