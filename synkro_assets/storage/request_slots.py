"""Pacing requests to a provider's account across processes: ``app.provider_slots``.

What lives here: the ``Limiter`` of ``domain/protocols.py`` over one row per provider's account and
bucket, whichever tenants use that account, and waiting until a request may leave. What does not:
the arithmetic (``domain/pacing``), the rows of accounts that are stopped (``account_stops``).

A day asks a provider thousands of times, and a connection costs several times the request it would
be opened for: one is kept for as long as the object lives.
"""

from __future__ import annotations

import hashlib
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TypeVar
from urllib.parse import urlsplit
from uuid import UUID

import psycopg

from synkro_assets.domain.errors import AccountStopped, RateLimited
from synkro_assets.domain.pacing import Pace, granted, left_late, refused
from synkro_assets.domain.protocols import Clock
from synkro_assets.storage.account_stops import Stop, clear_stop, stop_account, stop_of
from synkro_assets.storage.database import Connection, Database, scalar

Result = TypeVar("Result")

# A client's first request opens the connection too, so it arrives later than it was let go.
_CONNECTING = 0.1

# A longer pause is not slept through: the work is scheduled anew instead.
_LONGEST_SLEEP = 60.0


def account_key(provider: str, address: str, company: object = None) -> str:
    """Names a provider's account without telling it; the same for all tenants that use it."""
    url = urlsplit(address)
    place = f"{url.netloc.lower()}{url.path.rstrip('/')}"
    return hashlib.sha256(f"{provider} {place} {company or ''}".encode()).hexdigest()


class RequestSlots:
    """Slots of one account at one provider, taken in the name of one of its tenants.

    ``ignores_stop`` is for a person who wants to know now whether a stopped account works again.
    """

    def __init__(
        self,
        database: Database,
        tenant_id: UUID,
        account: str,
        sleep: Callable[[float], None] = time.sleep,
        *,
        provider: str,
        clock: Clock,
        ignores_stop: bool = False,
    ) -> None:
        self._database = database
        self._tenant_id = tenant_id
        self._account = account
        self._sleep = sleep
        self._provider = provider
        self._clock = clock
        self._ignores_stop = ignores_stop
        self._was_stopped = False
        self._last: dict[str, tuple[float, float]] = {}
        self._kept = ExitStack()
        self._connection: Connection | None = None
        weakref.finalize(self, self._kept.close)

    def acquire(self, bucket: str, per_second: float) -> None:
        """Block until this request's slot.

        Raises AccountStopped before the account may be asked again, and RateLimited when the
        provider asked for a pause too long to sleep through.
        """
        while True:
            pace, at, deadline = self._asked(
                partial(self._reserve, bucket=bucket, per_second=per_second)
            )
            is_first = bucket not in self._last
            wait = deadline - time.monotonic()
            if wait > 0:
                self._sleep(wait)
            late = max(0.0, time.monotonic() - deadline)
            self._last[bucket] = (at, late + _CONNECTING if is_first else late)
            # Who slept may have been overtaken by another process's refusal.
            if wait <= 0 or not self._asked(partial(self._is_held, bucket=bucket, seen=pace)):
                return

    def penalize(self, bucket: str, seconds: float) -> None:
        """Keep every process off the bucket for ``seconds``, and halve its rate after that."""

        def slow_down(connection: Connection) -> None:
            pace, now = _pace(connection, self._account, bucket)
            _keep(connection, self._account, bucket, refused(pace, now, seconds))

        self._asked(slow_down)

    def stop(self, reason: str, status: int | None) -> AccountStopped:
        """Let no process ask the account for a while, longer each time; what to raise about it."""

        def halt(connection: Connection) -> Stop:
            # Unlike a slot, a stop must outlive a crash of the server.
            connection.execute("set local synchronous_commit = on")
            now = self._clock.now()
            return stop_account(connection, self._account, reason, status, now)

        self._was_stopped = True
        return _stopped(self._provider, self._asked(halt))

    def resume(self) -> None:
        """A request worked: the account is not stopped, and was it, its next pause is short."""
        if self._was_stopped:
            self._asked(lambda connection: clear_stop(connection, self._account))
            self._was_stopped = False

    def _reserve(
        self, connection: Connection, bucket: str, per_second: float
    ) -> tuple[Pace, float, float]:
        """The state, the granted moment, and that moment on the monotonic clock."""
        self._require_no_stop(connection)
        pace, now = _pace(connection, self._account, bucket)
        measured = time.monotonic()
        if pace.paused_until - now > _LONGEST_SLEEP:
            raise _paused(self._provider, pace.paused_until - now)
        last = self._last.get(bucket)
        pace = left_late(pace, *last) if last else pace
        pace, at = granted(pace, now, per_second)
        _keep(connection, self._account, bucket, pace)
        return pace, at, measured + at - now

    def _is_held(self, connection: Connection, bucket: str, seen: Pace) -> bool:
        """Whether the account was paused or stopped since ``seen``."""
        self._require_no_stop(connection)
        row = connection.execute(
            "select paused_until from app.provider_slots where account = %s and bucket = %s",
            [self._account, bucket],
        ).fetchone()
        return bool(scalar(row) > seen.paused_until)

    def _require_no_stop(self, connection: Connection) -> None:
        stop = stop_of(connection, self._account)
        self._was_stopped = stop is not None
        if stop is not None and not self._ignores_stop and self._clock.now() < stop.until:
            raise _stopped(self._provider, stop)

    def _asked(self, work: Callable[[Connection], Result]) -> Result:
        """The outcome of one transaction; a connection that died while idle is made anew once."""
        try:
            with self._transaction() as connection:
                return work(connection)
        except psycopg.OperationalError:
            self._kept.close()
            self._connection = None
            with self._transaction() as connection:
                return work(connection)

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        if self._connection is None:
            session = self._database.tenant_session(self._tenant_id)
            self._connection = self._kept.enter_context(session)
            # A slot that a crash of the server forgets is no harm; a flush per request is.
            self._connection.execute("set synchronous_commit = off")
            self._connection.execute(
                "select set_config('app.provider_account', %s, false)", [self._account]
            )
        with self._connection.transaction():
            yield self._connection


def _pace(connection: Connection, account: str, bucket: str) -> tuple[Pace, float]:
    """The bucket's state, locked, and the time after the lock was had."""
    names = [account, bucket]
    look = (
        "select recent, share, share_at, paused_until from app.provider_slots "
        "where account = %s and bucket = %s for update"
    )
    row = connection.execute(look, names).fetchone()
    if row is None:
        connection.execute(
            "insert into app.provider_slots (account, bucket) values (%s, %s) "
            "on conflict (account, bucket) do nothing",
            names,
        )
        row = connection.execute(look, names).fetchone()
    assert row is not None
    pace = Pace(tuple(row["recent"]), row["share"], row["share_at"], row["paused_until"])
    now = connection.execute("select extract(epoch from clock_timestamp())::float8 as now")
    return pace, float(scalar(now.fetchone()))


def _keep(connection: Connection, account: str, bucket: str, pace: Pace) -> None:
    connection.execute(
        "update app.provider_slots set recent = %s, share = %s, share_at = %s, paused_until = %s "
        "where account = %s and bucket = %s",
        [list(pace.recent), pace.share, pace.share_at, pace.paused_until, account, bucket],
    )


def _stopped(provider: str, stop: Stop) -> AccountStopped:
    text = f"{stop.reason}; it will be tried again at {stop.until:%H:%M UTC on %Y-%m-%d}"
    return AccountStopped(provider, text, status=stop.status, until=stop.until)


def _paused(provider: str, seconds: float) -> RateLimited:
    text = f"{provider} asked for a pause that lasts another {round(seconds)} s; try again then"
    return RateLimited(provider, text, retry_after=seconds)
