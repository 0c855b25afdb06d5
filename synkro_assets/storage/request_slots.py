"""Pacing requests to a provider's account across processes: ``app.provider_slots``.

What lives here: the ``Limiter`` of ``domain/protocols.py`` over one row per provider's account and
bucket, whichever tenants use that account, and waiting until a request may leave. What does not:
the arithmetic (``domain/pacing``), those rows (``request_buckets``), the rows of accounts that are
stopped (``account_stops``).

Several threads may wait for a slot at once. A day asks a provider thousands of times, and a
connection costs several times the request it would be opened for: one is kept for as long as the
object lives. Where requests may follow each other faster than the database is asked, moments are
taken several at a time.
"""

from __future__ import annotations

import hashlib
import math
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import ExitStack, nullcontext
from functools import partial
from typing import NamedTuple, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

import psycopg

from synkro_assets.domain.errors import AccountStopped, RateLimited
from synkro_assets.domain.pacing import (
    SOON,
    Pace,
    departing,
    granted_ahead,
    granted_together,
    left_late,
    refused,
)
from synkro_assets.domain.protocols import Clock
from synkro_assets.storage.account_stops import Stop, clear_stop, stop_account, stop_of
from synkro_assets.storage.database import Connection, Database
from synkro_assets.storage.late_openings import LateOpenings
from synkro_assets.storage.request_buckets import Known, keep, keep_unchanged, paces_of

Result = TypeVar("Result")

# A longer pause is not slept through: the work is scheduled anew instead.
_LONGEST_SLEEP = 60.0


class _Slot(NamedTuple):
    """The granted moment in the account's time, and that moment on the monotonic clock.

    ``ahead`` is how far the account's time was ahead of that clock. One that ``is_spare`` was taken
    with an earlier one and is too near for another look at the account.
    """

    paces: dict[str, Pace]
    at: float
    deadline: float
    ahead: float
    is_spare: bool = False


def account_key(provider: str, address: str, company: object = None) -> str:
    """Names a provider's account without telling it; the same for all tenants that use it."""
    url = urlsplit(address)
    place = f"{url.netloc.lower()}{url.path.rstrip('/')}"
    return hashlib.sha256(f"{provider} {place} {company or ''}".encode()).hexdigest()


class RequestSlots:
    """Slots of one account at one provider, taken in the name of one of its tenants.

    ``stopped_as`` names the account together with the key it is asked with, which alone may be
    refused. ``ignores_stop`` is for a person who wants to know now whether a stopped account works.
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
        stopped_as: str | None = None,
        ignores_stop: bool = False,
    ) -> None:
        self._database = database
        self._tenant_id = tenant_id
        self._account, self._stopped_as = account, stopped_as or account
        self._sleep = sleep
        self._provider = provider
        self._clock = clock
        self._ignores_stop = ignores_stop
        self._lock = threading.Lock()
        self._was_stopped = False
        self._opening = LateOpenings()
        self._known: Known | None = None
        self._spare: deque[_Slot] = deque()
        self._kept = ExitStack()
        self._connection: Connection | None = None
        weakref.finalize(self, self._kept.close)

    def acquire(self, rates: Mapping[str, float]) -> None:
        """Block until this request's slot in every bucket it goes through.

        Raises AccountStopped before the account may be asked again, and RateLimited when the
        provider asked for a pause too long to sleep through.
        """
        with self._lock:
            self._opening.arrived()
            slot = self._spare_slot(rates) or self._reserved(rates)
        while (wait := slot.deadline - time.monotonic()) > 0:
            self._sleep(wait)
            if slot.is_spare:
                break
            with self._lock:
                slot = self._asked(partial(self._leave, rates=rates, slot=slot))
                self._remember(slot)
        with self._lock:
            self._opening.departed(slot.at, slot.deadline)

    def penalize(self, bucket: str, seconds: float) -> None:
        """Keep every process off the bucket for ``seconds``, and halve its rate after that."""

        def slow_down(connection: Connection) -> None:
            paces, now = paces_of(connection, self._account, [bucket])
            keep(connection, self._account, {bucket: refused(paces[bucket], now, seconds)})

        with self._lock:
            self._spare.clear()
            self._asked(slow_down)

    def stop(self, reason: str, status: int | None) -> AccountStopped:
        """Let no process of the tenant ask the account for a while; what to raise about it."""

        def halt(connection: Connection) -> Stop:
            # Unlike a slot, a stop must outlive a crash of the server.
            connection.execute("set local synchronous_commit = on")
            now = self._clock.now()
            return stop_account(connection, self._stopped_as, reason, status, now)

        with self._lock:
            self._was_stopped = True
            self._spare.clear()
            return _stopped(self._provider, self._asked(halt))

    def resume(self) -> None:
        """A request worked: the account is not stopped, and was it, its next pause is short."""
        with self._lock:
            self._opening.arrived()
            if self._was_stopped:
                self._asked(lambda connection: clear_stop(connection, self._stopped_as))
                self._was_stopped = False

    def _spare_slot(self, rates: Mapping[str, float]) -> _Slot | None:
        """A moment that was taken with an earlier one, if it is not over yet."""
        if self._known is None or [*rates] != [self._known.bucket]:
            return None
        while self._spare:
            slot = self._spare.popleft()
            if time.monotonic() - slot.deadline <= SOON:
                return slot
        return None

    def _reserved(self, rates: Mapping[str, float]) -> _Slot:
        slot = self._reserve_unchanged(rates)
        if slot is None:
            slot = self._asked(partial(self._reserve, rates=rates))
            self._remember(slot)
        return slot

    def _remember(self, slot: _Slot) -> None:
        """What a bucket was left as: nobody need ask while it stays so."""
        self._known = None
        if len(slot.paces) == 1:
            ((bucket, pace),) = slot.paces.items()
            self._known = Known(bucket, pace, slot.ahead)

    def _reserve_unchanged(self, rates: Mapping[str, float]) -> _Slot | None:
        """The next moment in a single statement; None unless the bucket is as it was left.

        That spares a process that is alone with its account the locking and five answers.
        """
        known, self._known = self._known, None
        if known is None or self._opening or self._was_stopped or [*rates] != [known.bucket]:
            return None
        now = time.monotonic() + known.ahead
        if known.pace.paused_until > now:
            return None
        pace, moments = granted_ahead(known.pace, now, rates[known.bucket])
        account, stopped_as = self._account, self._stopped_as
        change = partial(
            keep_unchanged, account=account, stopped_as=stopped_as, known=known, pace=pace
        )
        told = self._asked(change, is_atomic=False)
        if told is None:
            return None
        ahead = told - time.monotonic()
        first, *spare = (_Slot({known.bucket: pace}, at, at - ahead, ahead) for at in moments)
        self._remember(first)
        self._spare.extend(each._replace(is_spare=True) for each in spare)
        return first

    def _reserve(self, connection: Connection, rates: Mapping[str, float]) -> _Slot:
        """The next moment that suits every bucket, taken."""
        self._require_no_stop(connection)
        paces, now = paces_of(connection, self._account, rates)
        measured = time.monotonic()
        pause = max((pace.paused_until for pace in paces.values()), default=now) - now
        if pause > _LONGEST_SLEEP:
            raise _paused(self._provider, pause)
        paces, at = granted_together(self._opening.counted_in(paces), now, rates)
        keep(connection, self._account, paces)
        return _Slot(paces, at, measured + at - now, now - measured)

    def _leave(self, connection: Connection, rates: Mapping[str, float], slot: _Slot) -> _Slot:
        """The slot as it is now that its time has come: over, or later than it was.

        It is a new one when the account was refused meanwhile, and moves on when somebody before it
        left late.
        """
        self._require_no_stop(connection)
        paces, now = paces_of(connection, self._account, rates)
        measured = time.monotonic()
        if any(pace.paused_until > slot.paces[name].paused_until for name, pace in paces.items()):
            return self._reserve(connection, rates)
        due = max(now, slot.at)
        at = max(departing(pace, slot.at, due, rates[name]) for name, pace in paces.items())
        paces = {name: left_late(pace, slot.at, at - slot.at) for name, pace in paces.items()}
        keep(connection, self._account, paces)
        return _Slot(paces, at, measured + at - due, now - measured)

    def _require_no_stop(self, connection: Connection) -> None:
        stop = stop_of(connection, self._stopped_as)
        self._was_stopped = stop is not None
        if stop is not None and not self._ignores_stop and self._clock.now() < stop.until:
            raise _stopped(self._provider, stop)

    def _asked(self, work: Callable[[Connection], Result], *, is_atomic: bool = True) -> Result:
        """The outcome of one transaction; a connection that died while idle is made anew once.

        Work that is a single statement needs none (``is_atomic``).
        """
        try:
            return self._done(work, is_atomic=is_atomic)
        except psycopg.OperationalError:
            self._kept.close()
            self._connection = None
            return self._done(work, is_atomic=is_atomic)

    def _done(self, work: Callable[[Connection], Result], *, is_atomic: bool) -> Result:
        if self._connection is None:
            session = self._database.tenant_session(self._tenant_id)
            self._connection = self._kept.enter_context(session)
            # A slot that a crash of the server forgets is no harm; a flush per request is.
            self._connection.execute("set synchronous_commit = off")
            self._connection.execute(
                "select set_config('app.provider_account', %s, false), "
                "set_config('app.provider_key', %s, false)",
                [self._account, self._stopped_as],
            )
        with self._connection.transaction() if is_atomic else nullcontext():
            return work(self._connection)


def _stopped(provider: str, stop: Stop) -> AccountStopped:
    text = f"{stop.reason}; it will be tried again at {stop.until:%H:%M UTC on %Y-%m-%d}"
    return AccountStopped(provider, text, status=stop.status, until=stop.until)


def _paused(provider: str, seconds: float) -> RateLimited:
    minutes = f"{math.ceil(seconds / 60)} minutes"
    text = f"{provider} asked for a pause that lasts another {minutes}; try again then"
    return RateLimited(provider, text, retry_after=seconds)
