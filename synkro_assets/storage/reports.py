"""Stored reports: ``app.reports``.

What lives here: storing a report together with its outbox rows, and reading reports. The outbox
itself is ``deliveries``; the words are ``reporting``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from synkro_assets.domain.business_day import Window
from synkro_assets.storage.database import Connection, scalar


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A report to store: ``status`` is ``complete`` or ``facts_only``."""

    business_day: date
    window: Window
    status: str
    summary_text: str
    metadata: dict[str, Any]
    data_ref: str
    job_run_id: int | None
    followup_minutes: int


@dataclass(frozen=True, slots=True)
class StoredReport:
    """A report as it is in the database."""

    report_id: UUID
    business_day: date
    report_type: str
    status: str
    summary_text: str
    metadata: dict[str, Any]
    window_start: datetime
    window_end: datetime
    created_at: datetime


_COLUMNS = (
    "report_id, business_day, report_type, status, summary_text, metadata, window_start, "
    "window_end, created_at"
)


# A daily report that is made again keeps its row; a forced one conflicts with none.
_SAVE = """
insert into app.reports (
  tenant_id, business_day, report_type, period_start, period_end, window_start, window_end, status,
  summary_text, metadata, data_ref, job_run_id, followup_deadline_at
) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
on conflict (tenant_id, business_day) where report_type = 'daily' do update set
  status = excluded.status, summary_text = excluded.summary_text, metadata = excluded.metadata,
  data_ref = excluded.data_ref, job_run_id = excluded.job_run_id
returning report_id
"""


def save_daily_report(
    connection: Connection, tenant_id: UUID, report: ReportRow, now: datetime
) -> UUID:
    """Store the one daily report of a day; made again it keeps its ``report_id``."""
    return _save(connection, tenant_id, "daily", report.business_day, report, now)


def save_forced_report(
    connection: Connection, tenant_id: UUID, first_day: date, report: ReportRow, now: datetime
) -> UUID:
    """Store a forced report: a row of its own each time one is made.

    ``report.business_day`` is the last day its window touches, ``first_day`` the first.
    """
    return _save(connection, tenant_id, "forced", first_day, report, now)


def _save(
    connection: Connection,
    tenant_id: UUID,
    report_type: str,
    first_day: date,
    report: ReportRow,
    now: datetime,
) -> UUID:
    report_id: UUID = scalar(
        connection.execute(
            _SAVE,
            [
                tenant_id,
                report.business_day,
                report_type,
                first_day,
                report.business_day,
                report.window.start,
                report.window.end,
                report.status,
                report.summary_text,
                Jsonb(report.metadata),
                report.data_ref,
                report.job_run_id,
                now + timedelta(minutes=report.followup_minutes),
            ],
        ).fetchone()
    )
    return report_id


def daily_report(connection: Connection, tenant_id: UUID, day: date) -> StoredReport | None:
    """The daily report of a day, if it was made."""
    row = connection.execute(
        f"select {_COLUMNS} from app.reports "  # noqa: S608 - a constant
        "where tenant_id = %s and business_day = %s and report_type = 'daily'",
        [tenant_id, day],
    ).fetchone()
    return StoredReport(**row) if row else None


def report_of_run(
    connection: Connection, tenant_id: UUID, dagster_run_id: str
) -> StoredReport | None:
    """The report that a Dagster run stored, if it did."""
    row = connection.execute(
        f"select {_COLUMNS} from app.reports where tenant_id = %s and job_run_id = ("  # noqa: S608 - a constant
        "select job_run_id from app.job_runs where tenant_id = %s and dagster_run_id = %s)",
        [tenant_id, tenant_id, dagster_run_id],
    ).fetchone()
    return StoredReport(**row) if row else None


def reports_of(connection: Connection, tenant_id: UUID, limit: int) -> list[StoredReport]:
    """A tenant's newest reports first."""
    rows = connection.execute(
        f"select {_COLUMNS} from app.reports "  # noqa: S608 - a constant
        "where tenant_id = %s order by business_day desc, created_at desc limit %s",
        [tenant_id, limit],
    )
    return [StoredReport(**row) for row in rows]


def reported_days(connection: Connection, since: date) -> set[tuple[UUID, date]]:
    """The (tenant, day) pairs of all tenants that have a daily report, from ``since`` on."""
    rows = connection.execute(
        "select tenant_id, business_day from app.reports "
        "where report_type = 'daily' and business_day >= %s",
        [since],
    )
    return {(row["tenant_id"], row["business_day"]) for row in rows}
