"""What tenants are alerted about: ``app.alerts``, one row per tenant, subject and day.

What lives here: noting an alert once a day, who has it in hand for sending, and the latest ones.
What is said and where it is sent is ``operations/alerts.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from synkro_assets.storage.database import Connection

# Longer than a send with its time-outs; a sender that died holds the alert back for no longer.
_LEASE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert as it was last raised; unsent, ``last_error`` says why."""

    subject: str
    alert_day: date
    text: str
    sent_at: datetime | None
    last_error: str | None


def latest_alerts(connection: Connection, tenant_id: UUID, since: date) -> list[Alert]:
    """The newest alert of each subject that was raised on that day or later."""
    rows = connection.execute(
        "select distinct on (subject) subject, alert_day, text, sent_at, last_error "
        "from app.alerts where tenant_id = %s and alert_day >= %s "
        "order by subject, alert_day desc",
        [tenant_id, since],
    )
    return [Alert(**row) for row in rows]


def take_alert(
    connection: Connection, tenant_id: UUID, subject: str, day: date, text: str, now: datetime
) -> bool:
    """Note an alert; true when it is the caller's to send: unsent and in nobody's hand."""
    row = connection.execute(
        "insert into app.alerts as alert (tenant_id, subject, alert_day, text, attempted_at) "
        "values (%(tenant)s, %(subject)s, %(day)s, %(text)s, %(now)s) "
        "on conflict (tenant_id, subject, alert_day) do update "
        "set attempted_at = excluded.attempted_at where alert.sent_at is null "
        "and (alert.attempted_at is null or alert.attempted_at < %(stale)s) returning 1 as taken",
        {
            "tenant": tenant_id,
            "subject": subject,
            "day": day,
            "text": text,
            "now": now,
            "stale": now - _LEASE,
        },
    ).fetchone()
    return row is not None


def settle_alert(
    connection: Connection,
    tenant_id: UUID,
    subject: str,
    day: date,
    sent_at: datetime | None,
    error: str | None,
) -> None:
    """Write what came of sending; an unsent alert may be taken again at once."""
    connection.execute(
        "update app.alerts set sent_at = %s, last_error = %s, attempted_at = null "
        "where tenant_id = %s and subject = %s and alert_day = %s",
        [sent_at, error, tenant_id, subject, day],
    )
