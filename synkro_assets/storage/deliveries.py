"""The outbox: ``app.deliveries``, one row per report, channel, recipient and part.

What lives here: queueing parts in the report's transaction, and the states a part goes through
(``pending sending sent unknown failed``). Sending them is ``delivery/outbox.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from synkro_assets.domain.business_day import BusinessDay
from synkro_assets.domain.tenant import TenantSlug
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


def parts_of_all_reports(connection: Connection, tenant_id: UUID, day: date) -> list[Part]:
    """Every part of a day's reports, the daily one and forced ones, in order."""
    rows = connection.execute(
        f"select {_COLUMNS} from app.deliveries where tenant_id = %s and report_id in ("  # noqa: S608 - a constant
        "select report_id from app.reports where tenant_id = %s and business_day = %s) "
        "order by report_id, channel, recipient, part",
        [tenant_id, tenant_id, day],
    )
    return [Part(**row) for row in rows]


def parts_of_report(connection: Connection, tenant_id: UUID, report_id: UUID) -> list[Part]:
    """Every part of one report, in order."""
    rows = connection.execute(
        f"select {_COLUMNS} from app.deliveries where tenant_id = %s and report_id = %s "  # noqa: S608 - a constant
        "order by channel, recipient, part",
        [tenant_id, report_id],
    )
    return [Part(**row) for row in rows]


@dataclass(frozen=True, slots=True)
class DueDelivery:
    """A report with a message to send; ``key`` changes with each attempt and each new text."""

    slug: TenantSlug
    day: BusinessDay
    key: str


def deliveries_due(connection: Connection) -> list[DueDelivery]:
    """The reports of all tenants that have a message to send now and no sender at work on it."""
    rows = connection.execute(
        "select tenant.slug, report.business_day as day, 'delivery|' || delivery.report_id || '|' "
        "|| extract(epoch from min(delivery.next_attempt_at)) || '|' || sum(delivery.attempts) "
        "as key "
        "from app.deliveries as delivery join app.tenants as tenant using (tenant_id) "
        "join app.reports as report using (tenant_id, report_id) "
        "where delivery.status = 'pending' and delivery.channel = 'telegram' "
        # Whoever made the report may be about to send it.
        "and delivery.next_attempt_at <= clock_timestamp() - make_interval(secs => 5) "
        "and tenant.status = 'active' and not exists (select from app.deliveries as other "
        "  where other.tenant_id = delivery.tenant_id and other.report_id = delivery.report_id "
        "  and other.status = 'sending' and other.lease_until > clock_timestamp()) "
        "group by tenant.slug, report.business_day, delivery.report_id order by 2, 1"
    )
    return [DueDelivery(**row) for row in rows]
