"""Connections kept from one transaction to the next, for as long as a piece of work lasts.

What lives here: which connections are kept, and whether one may be used again. Opening them, and
in whose name a transaction works, is ``database.py``.

A new connection is a new process of the server that knows nothing of the catalogue yet, which
takes longer than most transactions do.
"""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Callable

import psycopg
from psycopg.pq import PipelineStatus, TransactionStatus
from psycopg.rows import DictRow

_Connection = psycopg.Connection[DictRow]

# As many as a run's threads use at a time; what is rarely needed is opened anew.
_MOST = 2
# Servers, poolers and firewalls end what is idle much longer, some without a word.
_LONGEST_IDLE_SECONDS = 60.0


class KeptConnections:
    """Idle connections of one login to one database, for any thread of the process.

    What is put here leaves nothing behind in its session: no role, setting, lock or listener.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._idle: list[tuple[_Connection, float]] = []
        self._process = os.getpid()
        self._is_open = True

    def take(self) -> _Connection | None:
        """The connection that was used last; None where none can be relied on."""
        while (kept := self._pop()) is not None:
            connection, since = kept
            if self._now() - since <= _LONGEST_IDLE_SECONDS and not _was_heard_from(connection):
                return connection
            connection.close()
        return None

    def put(self, connection: _Connection) -> None:
        """Keep a connection; one in the middle of something, or one too many, is closed."""
        info = connection.info
        is_idle = info.transaction_status is TransactionStatus.IDLE
        with self._lock:
            is_kept = (
                self._is_open
                and self._is_mine()
                and len(self._idle) < _MOST
                and is_idle
                and info.pipeline_status is PipelineStatus.OFF
            )
            if is_kept:
                self._idle.append((connection, self._now()))
        if not is_kept:
            connection.close()

    def close(self) -> None:
        """Close what is kept; what is put here later is closed at once."""
        self._is_open = False
        while (kept := self._pop()) is not None:
            kept[0].close()

    def _pop(self) -> tuple[_Connection, float] | None:
        with self._lock:
            if not self._is_mine():
                # They are the parent process's: a word on them here would end its sessions.
                self._idle.clear()
            return self._idle.pop() if self._idle else None

    def _is_mine(self) -> bool:
        return self._process == os.getpid()


def _was_heard_from(connection: _Connection) -> bool:
    """Whether the server said something while nothing was asked: that it ends the connection."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))
