"""Pacing requests to a provider's account across processes: ``app.provider_slots``.

What lives here: the ``Limiter`` of ``domain/protocols.py`` over one row per provider's account and
bucket, whichever tenants use that account. After a 429 the account's rate is halved for every
process and grows back with time. Each request takes the next free slot, so that any number of
workers together keep the rate.

A day asks a provider thousands of times, and a connection costs several times the request it would
be opened for: one is kept for as long as the object lives.
"""

from __future__ import annotations

import hashlib
import time
import weakref
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import psycopg

from synkro_assets.storage.database import Connection, Database, scalar

# A row of slots handed out evenly keeps any sliding second at the rate only if the network never
# delays one request and hurries the next; the margin absorbs that jitter.
_MARGIN = 1.08

# The share of the rate in use grows evenly from the end of the last refusal's pause: from half to
# the whole in a minute. A shorter way back would run into the same limit again.
_TAKE = """
insert into app.provider_slots as slot (account, bucket, next_free_at)
values (%(account)s, %(bucket)s, clock_timestamp() + make_interval(secs => %(seconds)s))
on conflict (account, bucket) do update
set next_free_at = greatest(slot.next_free_at, clock_timestamp()) + make_interval(
  secs => %(seconds)s / least(1, slot.share
    + greatest(0, extract(epoch from clock_timestamp() - slot.share_at)::float8) / 120))
returning extract(epoch from next_free_at - clock_timestamp())::float8
  - %(seconds)s / least(1, slot.share
    + greatest(0, extract(epoch from clock_timestamp() - slot.share_at)::float8) / 120) as wait
"""

# Requests that were refused together are one breach, so the share is halved once for all of them.
_SLOW_DOWN = """
insert into app.provider_slots as slot (account, bucket, next_free_at, share, share_at)
values (%(account)s, %(bucket)s, clock_timestamp() + make_interval(secs => %(seconds)s),
  0.5, clock_timestamp() + make_interval(secs => %(seconds)s))
on conflict (account, bucket) do update
set next_free_at = greatest(slot.next_free_at, excluded.next_free_at),
  share = case when slot.share_at > clock_timestamp() then slot.share
    else greatest(0.125, least(1, slot.share
      + extract(epoch from clock_timestamp() - slot.share_at)::float8 / 120) / 2) end,
  share_at = greatest(slot.share_at, excluded.share_at)
returning next_free_at
"""


def account_key(provider: str, address: str, company: object = None) -> str:
    """Names a provider's account without telling it; the same for all tenants that use it."""
    host = urlsplit(address).netloc.lower() or address
    return hashlib.sha256(f"{provider} {host} {company or ''}".encode()).hexdigest()


class RequestSlots:
    """Slots of one account at one provider, taken in the name of one of its tenants."""

    def __init__(
        self,
        database: Database,
        tenant_id: UUID,
        account: str,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._database = database
        self._tenant_id = tenant_id
        self._account = account
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
        """Keep every process off the bucket for ``seconds``, and halve its rate after that."""
        self._asked(_SLOW_DOWN, bucket, seconds)

    def _reserve(self, bucket: str, interval: float) -> float:
        """Take the next slot; returns the seconds until it."""
        row = self._asked(_TAKE, bucket, interval)
        return float(scalar(row))

    def _asked(self, statement: str, bucket: str, seconds: float) -> dict[str, Any] | None:
        """The answer of one statement; a connection that died while idle is made anew once."""
        values = {
            "account": self._account,
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
            self._connection.execute(
                "select set_config('app.provider_account', %s, false)", [self._account]
            )
        return self._connection
