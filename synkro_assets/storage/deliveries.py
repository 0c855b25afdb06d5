"""The outbox: ``app.deliveries``, one row per report, channel, recipient and part.

What lives here: queueing parts in the report's transaction, and the states a part goes through
(``pending sending sent unknown failed``). Sending them is ``delivery/outbox.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from synkro_assets.storage.database import Connection

LEASE_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Part:
    """One message of a report, as it is or will be sent."""

    report_id: UUID
    channel: str
    recipient: str
    part: int
    parts: int
    body: str
    status: str
    attempts: int
    provider_message_id: str | None
    last_error: str | None
    sent_at: datetime | None


_COLUMNS = (
    "report_id, channel, recipient, part, parts, body, status, attempts, provider_message_id, "
    "last_error, sent_at"
)


def queue_parts(
    connection: Connection,
    tenant_id: UUID,
    report_id: UUID,
    channel: str,
    recipient: str,
    bodies: Sequence[str],
) -> int:
    """Queue a report's parts unless any of them was ever on its way; returns how many are queued.

    Parts that nobody began to send are replaced by the newer text.
    """
    begun = connection.execute(
        "select 1 as begun from app.deliveries where tenant_id = %s and report_id = %s "
        "and channel = %s and (status in ('sending', 'sent', 'unknown')) limit 1",
        [tenant_id, report_id, channel],
    ).fetchone()
    if begun is not None:
        return 0
    connection.execute(
        "delete from app.deliveries where tenant_id = %s and report_id = %s and channel = %s",
        [tenant_id, report_id, channel],
    )
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into app.deliveries "
            "(tenant_id, report_id, channel, recipient, part, parts, body) "
            "values (%s, %s, %s, %s, %s, %s, %s)",
            [
                (tenant_id, report_id, channel, recipient, number, len(bodies), body)
                for number, body in enumerate(bodies, start=1)
            ],
        )
    return len(bodies)


def was_ever_sent(connection: Connection, tenant_id: UUID, report_id: UUID) -> bool:
    """Whether any part of a report left, or may have left."""
    row = connection.execute(
        "select exists (select from app.deliveries where tenant_id = %s and report_id = %s "
        "and status in ('sending', 'sent', 'unknown')) as sent",
        [tenant_id, report_id],
    ).fetchone()
    return bool(row and row["sent"])


def claim_next_part(connection: Connection, tenant_id: UUID, report_id: UUID) -> Part | None:
    """Take the report's next part to send, under a lease; None when none is due.

    A part whose lease ran out while it was being sent may have arrived: it becomes ``unknown`` and
    is not sent again.
    """
    connection.execute(
        "update app.deliveries set status = 'unknown', lease_until = null, "
        "last_error = 'the sender stopped before the answer came' "
        "where tenant_id = %s and report_id = %s and status = 'sending' "
        "and lease_until < clock_timestamp()",
        [tenant_id, report_id],
    )
    row = connection.execute(
        f"update app.deliveries set status = 'sending', attempts = attempts + 1, "  # noqa: S608 - a constant
        "lease_until = clock_timestamp() + make_interval(secs => %(lease)s) "
        "where (tenant_id, report_id, channel, recipient, part) = ("
        "  select tenant_id, report_id, channel, recipient, part from app.deliveries "
        "  where tenant_id = %(tenant)s and report_id = %(report)s and status = 'pending' "
        "  and next_attempt_at <= clock_timestamp() and not exists ("
        "    select from app.deliveries as earlier where earlier.tenant_id = deliveries.tenant_id "
        "    and earlier.report_id = deliveries.report_id "
        "    and earlier.channel = deliveries.channel "
        "    and earlier.recipient = deliveries.recipient and earlier.part < deliveries.part "
        "    and earlier.status in ('pending', 'sending')) "
        "  order by channel, recipient, part limit 1 for update skip locked) "
        f"returning {_COLUMNS}",
        {"lease": LEASE_SECONDS, "tenant": tenant_id, "report": report_id},
    ).fetchone()
    return Part(**row) if row else None


def mark_part(
    connection: Connection,
    tenant_id: UUID,
    part: Part,
    status: str,
    *,
    provider_message_id: str | None = None,
    error: str | None = None,
    retry_after_seconds: float = 0,
) -> None:
    """What became of a part; ``pending`` puts it back for ``retry_after_seconds`` from now."""
    connection.execute(
        "update app.deliveries set status = %s, lease_until = null, provider_message_id = %s, "
        "last_error = %s, next_attempt_at = clock_timestamp() + make_interval(secs => %s), "
        "sent_at = case when %s = 'sent' then clock_timestamp() end "
        "where tenant_id = %s and report_id = %s and channel = %s and recipient = %s "
        "and part = %s",
        [
            status, provider_message_id, error, retry_after_seconds, status,
            tenant_id, part.report_id, part.channel, part.recipient, part.part,
        ],
    )  # fmt: skip


def parts_of_day(connection: Connection, tenant_id: UUID, day: date) -> list[Part]:
    """Every part of a day's daily report, in order."""
    rows = connection.execute(
        f"select {_COLUMNS} from app.deliveries where tenant_id = %s and report_id = ("  # noqa: S608 - a constant
        "select report_id from app.reports where tenant_id = %s and business_day = %s "
        "and report_type = 'daily') order by channel, recipient, part",
        [tenant_id, tenant_id, day],
    )
    return [Part(**row) for row in rows]
