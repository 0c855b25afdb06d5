"""Reading stored reports for people and programs.

What lives here: finding a report and laying it out as plain values. Making one is ``daily_report``.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

from synkro_assets.domain.errors import WorkFailed
from synkro_assets.domain.facts import Fact
from synkro_assets.domain.tenant import Tenant
from synkro_assets.operations.platform import Platform
from synkro_assets.storage.deliveries import Part, parts_of_day
from synkro_assets.storage.facts import daily_period_key, stored_facts
from synkro_assets.storage.reports import StoredReport, daily_report, reports_of


def listed(platform: Platform, tenant: Tenant, limit: int) -> list[dict[str, Any]]:
    """A tenant's newest reports, without their texts."""
    with platform.database.tenant_transaction(tenant.tenant_id) as connection:
        return [_head(report) for report in reports_of(connection, tenant.tenant_id, limit)]


def of_day(platform: Platform, tenant: Tenant, day: date) -> dict[str, Any]:
    """A day's report with its facts and deliveries; raises WorkFailed when there is none."""
    with platform.database.tenant_transaction(tenant.tenant_id) as connection:
        report = daily_report(connection, tenant.tenant_id, day)
        if report is None:
            raise WorkFailed(
                f"{tenant.slug} has no report for {day}: make it with "
                f"'synkro run {tenant.slug} --day {day}'"
            )
        facts = stored_facts(connection, tenant.tenant_id, daily_period_key(day))
        parts = parts_of_day(connection, tenant.tenant_id, day)
    return {
        **_head(report),
        "window_start": report.window_start.isoformat(),
        "window_end": report.window_end.isoformat(),
        "text": report.summary_text,
        "metadata": report.metadata,
        "facts": [_fact(fact) for fact in facts],
        "deliveries": [_part(part) for part in parts],
    }


def _fact(fact: Fact) -> dict[str, Any]:
    return {**asdict(fact), "value": None if fact.value is None else float(fact.value)}


def _part(part: Part) -> dict[str, Any]:
    return {
        "channel": part.channel,
        "recipient": part.recipient,
        "part": part.part,
        "status": part.status,
        "provider_message_id": part.provider_message_id,
        "last_error": part.last_error,
        "sent_at": part.sent_at.isoformat() if part.sent_at else None,
    }


def _head(report: StoredReport) -> dict[str, Any]:
    return {
        "report_id": str(report.report_id),
        "business_day": report.business_day.isoformat(),
        "report_type": report.report_type,
        "status": report.status,
        "created_at": report.created_at.isoformat(),
    }
