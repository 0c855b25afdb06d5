"""Pacing requests to a provider's account across processes: ``app.request_slots``.

What lives here: the ``Limiter`` of ``domain/protocols.py`` over one row per tenant, provider and
bucket. Each request takes the next free slot, so that any number of workers together keep the rate.

A day asks a provider thousands of times, and a connection costs several times the request it would
be opened for: one is kept for as long as the object lives.
"""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any
from uuid import UUID

import psycopg

from synkro_assets.storage.database import Connection, Database, scalar

# A row of slots handed out evenly keeps any sliding second at the rate only if the network never
# delays one request and hurries the next; the margin absorbs that jitter.
_MARGIN = 1.08


class RequestSlots:
    """Slots for one tenant's account at one provider."""

    def __init__(
        self,
        database: Database,
        tenant_id: UUID,
        provider: str,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._database = database
        self._tenant_id = tenant_id
        self._provider = provider
        self._sleep = sleep
        self._kept = ExitStack()
        self._connection: Connection | None = None
        weakref.finalize(self, self._kept.close)

    def acquire(self, bucket: str, per_second: float) -> None:
        """Block until this request's slot; slots are ``1 / per_second`` apart."""
        wait = self._reserve(bucket, _MARGIN / per_second)
        if wait > 0:
            self._sleep(wait)

    def penalize(self, bucket: str, seconds: float) -> None:
        """Keep every process off the bucket for ``seconds`` from now."""
        self._asked(
            "insert into app.request_slots as slot (tenant_id, provider, bucket, next_free_at) "
            "values (%(tenant)s, %(provider)s, %(bucket)s, "
            "clock_timestamp() + make_interval(secs => %(seconds)s)) "
            "on conflict (tenant_id, provider, bucket) do update "
            "set next_free_at = greatest(slot.next_free_at, excluded.next_free_at) "
            "returning next_free_at",
            bucket,
            seconds,
        )

    def _reserve(self, bucket: str, interval: float) -> float:
        """Take the next slot; returns the seconds until it."""
        row = self._asked(
            "insert into app.request_slots as slot (tenant_id, provider, bucket, next_free_at) "
            "values (%(tenant)s, %(provider)s, %(bucket)s, "
            "clock_timestamp() + make_interval(secs => %(seconds)s)) "
            "on conflict (tenant_id, provider, bucket) do update "
            "set next_free_at = greatest(slot.next_free_at, clock_timestamp()) "
            "+ make_interval(secs => %(seconds)s) "
            "returning extract(epoch from next_free_at - clock_timestamp())::float8 "
            "- %(seconds)s as wait",
            bucket,
            interval,
        )
        return float(scalar(row))

    def _asked(self, statement: str, bucket: str, seconds: float) -> dict[str, Any] | None:
        """The answer of one statement; a connection that died while idle is made anew once."""
        values = {
            "tenant": self._tenant_id,
            "provider": self._provider,
            "bucket": bucket,
            "seconds": seconds,
        }
        query = statement.encode()
        try:
            return self._open().execute(query, values).fetchone()
        except psycopg.OperationalError:
            self._kept.close()
            self._connection = None
            return self._open().execute(query, values).fetchone()

    def _open(self) -> Connection:
        if self._connection is None:
            session = self._database.tenant_session(self._tenant_id)
            self._connection = self._kept.enter_context(session)
            # A slot that a crash of the server forgets is no harm; a flush per request is.
            self._connection.execute("set synchronous_commit = off")
        return self._connection
