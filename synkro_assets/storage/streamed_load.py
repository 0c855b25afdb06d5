"""Storing a day's rows while the rest of the day is still being read.

What lives here: the thread that stores and the one transaction it works in. How rows get into a
table is ``raw_loading.py``; which rows come early is known to ``ingestion``.

Whoever reads waits for the provider most of the time, and a database that has stored what is there
by the end leaves little to be done then. Nothing is committed before the day is whole.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from queue import Full, Queue

import psycopg

from synkro_assets.storage.database import Connection, Database
from synkro_assets.storage.raw_loading import Row, TableLoading
from synkro_assets.storage.raw_rows import Kind, Load, RawTable, ensure_month
from synkro_assets.storage.stored_feeds import count_stored

Rows = Mapping[str, Sequence[Row]]
"""Rows by the name of their table."""

# Fewer are not worth their statements; so many are stored in less than a request takes at the
# providers' limits.
_WORTH_STORING = 1_000
# What falls behind is caught up with in pieces so many times as large, which take less each.
_BEHIND = 4
# So many pieces may wait before the reader does: they are held in memory.
_MOST_WAITING = 16
# So much JSON may be on its way to a server that is slower than the reader: it is held in memory.
_MOST_UNANSWERED = 8 * 1024 * 1024
_CANCEL_SECONDS = 5.0
_CANCEL_AGAIN_SECONDS = 0.2


class Abandoned(RuntimeError):
    """The day was not read whole: what is stored of it is taken back."""


class StreamedLoad:
    """One day's load: rows are ``put`` while it is read, and committed by ``transaction``.

    Links and lists change rows that other days have stored, so whoever holds the tenant is the only
    one to load it: ``prove`` is asked at the end.
    """

    def __init__(
        self,
        database: Database,
        tables: Sequence[RawTable],
        load: Load,
        prove: Callable[[Connection], None],
    ) -> None:
        self.load_of_day = load
        self._database, self._tables, self._prove = database, tables, prove
        self._queue: Queue[Callable[[], Rows] | None] = Queue(_MOST_WAITING)
        self._waiting: dict[str, list[Row]] = defaultdict(list)
        self._loading: dict[str, TableLoading] = {}
        self._stored_before: dict[str, int] = {}
        self._putting = threading.Lock()
        self._unanswered = 0
        self._open, self._pipelined = ExitStack(), ExitStack()
        self._connection: Connection | None = None
        self._at_work: Connection | None = None
        self._problem: BaseException | None = None
        self._thread: threading.Thread | None = None

    def put(self, make: Callable[[], Rows]) -> None:
        """Have rows made and stored; raises what kept earlier ones from being stored.

        Several threads may put rows until the load is closed, which raises Abandoned.
        """
        with self._putting:
            self._require_no_problem()
            if self._thread is None:
                work = threading.Thread(target=self._work, name="synkro-storing", daemon=True)
                self._thread = work
                work.start()
        self._queue.put(make)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Everything that was put is stored; it is committed with what the block does.

        Raises what ``prove`` does, as ClaimLost.
        """
        self._end_thread()
        self._require_no_problem()
        with self._open:
            connection = self._connect()
            try:
                self._store_waiting(connection)
            except psycopg.Error:
                self._forget_unanswered()
                raise
            self._pipelined.close()
            self._prove(connection)
            yield connection

    def load(self, table: RawTable, rows: Iterable[Row]) -> int:
        """Inside ``transaction``: bring the last rows into a table; how many it got in all."""
        loading = self._loading[table.name]
        with self._connect().pipeline():
            loading.store(rows)
        return loading.count

    def stored_before(self, table: RawTable) -> int:
        """Inside ``transaction``: how many rows of the day a feed held before this load."""
        return self._stored_before[table.name]

    def count(self, table: RawTable) -> int:
        """Inside ``transaction``: how many rows a table got so far."""
        return self._loading[table.name].count

    def close(self) -> None:
        """Take back what was not committed."""
        with self._putting:
            self._problem = self._problem or Abandoned()
        self._abandon_thread()
        self._forget_unanswered()
        with suppress(Abandoned, psycopg.Error), self._open:
            raise Abandoned
        self._connection = None

    def _require_no_problem(self) -> None:
        """Raise what went wrong in the thread as if it had here: the database says it in words."""
        if self._problem is not None:
            self._forget_unanswered()
            try:
                with self._open:
                    raise self._problem
            except BaseException as told:
                self._problem = told
                raise

    def _forget_unanswered(self) -> None:
        """What else failed is nobody's: left to psycopg, it would be logged with what it quotes."""
        with suppress(psycopg.Error):
            self._pipelined.close()

    def _end_thread(self) -> None:
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._thread = None

    def _abandon_thread(self) -> None:
        """End it whatever it waits for, as somebody else's lock.

        It is cancelled until it has ended: its next statement may begin just afterwards.
        """
        while self._thread is not None:
            if self._at_work is not None and not self._at_work.closed:
                with suppress(psycopg.Error):
                    self._at_work.cancel_safe(timeout=_CANCEL_SECONDS)
            with suppress(Full):
                self._queue.put(None, timeout=_CANCEL_AGAIN_SECONDS)
            self._thread.join(_CANCEL_AGAIN_SECONDS)
            if not self._thread.is_alive():
                self._thread = None

    def _work(self) -> None:
        while (make := self._queue.get()) is not None:
            if self._problem is not None:
                continue
            try:
                for name, rows in make().items():
                    self._waiting[name].extend(rows)
                waiting = sum(map(len, self._waiting.values()))
                if waiting >= _WORTH_STORING * (1 if self._queue.empty() else _BEHIND):
                    self._store_waiting(self._connect())
            except BaseException as problem:  # whatever it is: the reader raises it
                self._problem = problem

    def _store_waiting(self, connection: Connection) -> None:
        for table in self._tables:
            if rows := self._waiting.pop(table.name, []):
                self._unanswered += self._loading[table.name].store(rows)
        if self._unanswered >= _MOST_UNANSWERED:
            self._pipelined.close()
            self._pipelined.enter_context(connection.pipeline())
            self._unanswered = 0

    def _connect(self) -> Connection:
        if self._connection is None:
            database, tenant_id = self._database, self.load_of_day.tenant_id
            # Apart, as making a month locks it for every tenant until the transaction ends.
            with database.tenant_transaction(tenant_id) as self._at_work:
                ensure_month(self._at_work, self.load_of_day.business_day)
            # The reader has questions of its own meanwhile.
            beside = database.tenant_transaction(tenant_id, is_beside=self._thread is not None)
            connection = self._at_work = self._open.enter_context(beside)
            # A provider may ask for a pause longer than a server lets a transaction do nothing.
            connection.execute("set local idle_in_transaction_session_timeout = 0")
            for table in self._tables:
                self._begin(connection, table)
            # Inside the transaction: the server works on some rows while the next are made here.
            self._pipelined = self._open.enter_context(ExitStack())
            self._pipelined.enter_context(connection.pipeline())
            self._connection = connection
        return self._connection

    def _begin(self, connection: Connection, table: RawTable) -> None:
        if table.kind is Kind.FEED:
            self._stored_before[table.name] = count_stored(connection, table, self.load_of_day)
        self._loading[table.name] = TableLoading(connection, table, self.load_of_day)
        self._loading[table.name].begin()
