"""Pacing requests to a provider's account across processes: ``app.request_slots``.

What lives here: the ``Limiter`` of ``domain/protocols.py`` over one row per tenant, provider and
bucket. Each request takes the next free slot, so that any number of workers together keep the rate.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from uuid import UUID

from synkro_assets.storage.database import Database, scalar

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

    def acquire(self, bucket: str, per_second: float) -> None:
        """Block until this request's slot; slots are ``1 / per_second`` apart."""
        wait = self._reserve(bucket, _MARGIN / per_second)
        if wait > 0:
            self._sleep(wait)

    def penalize(self, bucket: str, seconds: float) -> None:
        """Keep every process off the bucket for ``seconds`` from now."""
        with self._database.tenant_transaction(self._tenant_id) as connection:
            connection.execute(
                "insert into app.request_slots as slot (tenant_id, provider, bucket, next_free_at) "
                "values (%(tenant)s, %(provider)s, %(bucket)s, "
                "clock_timestamp() + make_interval(secs => %(seconds)s)) "
                "on conflict (tenant_id, provider, bucket) do update "
                "set next_free_at = greatest(slot.next_free_at, excluded.next_free_at)",
                {
                    "tenant": self._tenant_id,
                    "provider": self._provider,
                    "bucket": bucket,
                    "seconds": seconds,
                },
            )

    def _reserve(self, bucket: str, interval: float) -> float:
        """Take the next slot; returns the seconds until it."""
        with self._database.tenant_transaction(self._tenant_id) as connection:
            row = connection.execute(
                "insert into app.request_slots as slot (tenant_id, provider, bucket, next_free_at) "
                "values (%(tenant)s, %(provider)s, %(bucket)s, "
                "clock_timestamp() + make_interval(secs => %(interval)s)) "
                "on conflict (tenant_id, provider, bucket) do update "
                "set next_free_at = greatest(slot.next_free_at, clock_timestamp()) "
                "+ make_interval(secs => %(interval)s) "
                "returning extract(epoch from next_free_at - clock_timestamp())::float8 "
                "- %(interval)s as wait",
                {
                    "tenant": self._tenant_id,
                    "provider": self._provider,
                    "bucket": bucket,
                    "interval": interval,
                },
            ).fetchone()
        return float(scalar(row))
