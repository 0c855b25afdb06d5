"""Rows that are written in the background, so that whoever makes them never waits and never fails.

What lives here: the bounded queue, its thread, and what happens to rows that cannot be written. How
they are written is the caller's; whose rows these are: ``integration_logs``.

The thread begins with the first row and ends when none came for a while, when ``close`` is called
or with the process, which waits for what is left. Rows that cannot be written now are kept and
tried again; those that never can are dropped, counted, and told of once.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Row = TypeVar("Row")

BATCH = 200
# At the highest rates a provider allows, minutes of a database that is away.
CAPACITY = 4000
INTERVAL_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0
IDLE_SECONDS = 10.0
PATIENCE_SECONDS = 3.0

_log = logging.getLogger(__name__)
_open: weakref.WeakSet[BackgroundRows[object]] = weakref.WeakSet()


class BackgroundRows(Generic[Row]):
    """A queue whose rows ``write`` stores in batches, in a thread of its own.

    ``write`` returns how many rows of a batch it had to drop, and raises to be asked again later;
    ``release`` lets go of what it holds when the thread ends.
    """

    def __init__(
        self,
        what: str,
        write: Callable[[Sequence[Row]], int],
        release: Callable[[], None] = lambda: None,
        *,
        capacity: int = CAPACITY,
        interval: float = INTERVAL_SECONDS,
        idle: float = IDLE_SECONDS,
    ) -> None:
        self._what, self._write, self._release = what, write, release
        self._capacity, self._interval, self._idle = capacity, interval, idle
        self.dropped = 0
        self._start_anew()
        _open.add(self)  # type: ignore[arg-type]  # whatever its rows are

    def put(self, row: Row) -> None:
        """Queue a row; returns at once, whatever the state of the database."""
        if self._process != os.getpid():
            # A fork copies the queue but not its thread; the rows are the parent's to write.
            self._start_anew()
        with self._lock:
            if len(self._rows) >= self._capacity:
                self._drop(1, "the queue is full")
                return
            self._rows.append(row)
            if self._thread is None:
                self._begin()
            if len(self._rows) % BATCH == 0:
                self._wake.set()

    def drop(self, why: str) -> None:
        """Count a row that could not even be made."""
        with self._lock:
            self._drop(1, why)

    def close(self, patience: float = PATIENCE_SECONDS) -> None:
        """Write what is queued, for at most ``patience`` seconds; a later row begins again."""
        if self._process != os.getpid():
            return
        with self._lock:
            thread, self._is_closing = self._thread, True
            self._wake.set()
        if thread is not None:
            thread.join(patience)
        with self._lock:
            if thread is not None and thread.is_alive():
                self._drop(len(self._rows), f"the database took more than {patience:g} s")
                self._rows.clear()
            self._is_closing = False

    def _start_anew(self) -> None:
        self._process = os.getpid()
        self._rows: deque[Row] = deque()
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._is_closing = False

    def _begin(self) -> None:
        thread = threading.Thread(target=self._work, name=f"synkro-{self._what}", daemon=True)
        try:
            thread.start()
        except RuntimeError:
            # The interpreter is ending, or the system has no thread left.
            self._drop(len(self._rows), "no thread can be started")
            self._rows.clear()
        else:
            self._thread = thread

    def _work(self) -> None:
        pause, last_row = self._interval, time.monotonic()
        while True:
            self._wake.wait(pause)
            self._wake.clear()
            was_closing = self._is_closing
            try:
                wrote = self._write_all()
            except Exception as problem:  # whatever it is: the rows wait, the work goes on
                pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
                self._release()
                if was_closing:
                    with self._lock:
                        self._drop(len(self._rows), _said(problem))
                        self._rows.clear()
            else:
                pause = self._interval
                last_row = time.monotonic() if wrote else last_row
            with self._lock:
                is_idle = time.monotonic() - last_row > self._idle
                if not self._rows and (was_closing or is_idle):
                    # Before another thread may begin: it would lose what it holds itself.
                    self._release()
                    self._thread = None
                    return

    def _write_all(self) -> bool:
        """Write batch after batch; whether there was anything."""
        wrote = False
        while True:
            with self._lock:
                batch = [self._rows[place] for place in range(min(BATCH, len(self._rows)))]
            if not batch:
                return wrote
            dropped = self._write(batch)
            wrote = True
            with self._lock:
                for _ in range(min(len(batch), len(self._rows))):
                    self._rows.popleft()
                if dropped:
                    self._drop(dropped, "the database refused them")

    def _drop(self, count: int, why: str) -> None:
        if count and not self.dropped:
            _log.warning("rows of the %s are lost: %s", self._what, why)
        self.dropped += count


def _said(problem: Exception) -> str:
    return " ".join(str(problem).split()) or type(problem).__name__


def _close_all() -> None:
    for rows in list(_open):
        rows.close()


atexit.register(_close_all)
