"""Making a day's facts and report from what is stored, and queueing its delivery.

What lives here: gathering the day, asking the writer, storing the outcome in one transaction. The
words are ``reporting``, sending is ``report_delivery``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from uuid import UUID

from synkro_assets.delivery import telegram
from synkro_assets.domain.business_day import BusinessDay
from synkro_assets.domain.facts import Fact
from synkro_assets.domain.report_document import plain_text
from synkro_assets.domain.source_days import SourceDay
from synkro_assets.operations.provider_clients import model_client
from synkro_assets.operations.tenant_run import TenantRun
from synkro_assets.reporting.day_data import DayData, sources_read
from synkro_assets.reporting.gaps import gap_metadata
from synkro_assets.reporting.writer import WrittenReport, conclusions_key, write_report
from synkro_assets.storage import deliveries, facts, reports
from synkro_assets.storage.database import Connection
from synkro_assets.storage.exports import owe_export
from synkro_assets.storage.integrations import integrations_of
from synkro_assets.storage.marts import (
    dialogs_without_deal,
    manager_names,
    newest_fetch,
    waiting_dialogs_of_window,
)
from synkro_assets.storage.quarantine import quarantined_count
from synkro_assets.storage.source_days import source_days


class Delivery(Enum):
    """Whether a report is to be sent: asked for, refused, or left to the rule."""

    ASKED = "yes"
    REFUSED = "no"
    BY_RULE = "by rule"

    @classmethod
    def of_run(cls, tag: str | None, days: int) -> Delivery:
        """What a run's tag says; without one a run of several days sends nothing."""
        if tag in {"yes", "no"}:
            return cls(tag)
        return cls.BY_RULE if days == 1 else cls.REFUSED


@dataclass(frozen=True, slots=True)
class MadeReport:
    """A stored report and how many parts of it wait to be sent."""

    report_id: UUID
    status: str
    text: str
    parts_queued: int


def compute_daily_facts(run: TenantRun, day: BusinessDay) -> list[Fact]:
    """Evaluate the fact query for a day's window and cache its answer."""
    window = run.plan(day).window
    with run.transaction() as connection:
        found = facts.compute_facts(connection, run.tenant.tenant_id, day, day, window)
        key = facts.daily_period_key(day)
        facts.store_facts(connection, run.tenant.tenant_id, key, window, found)
    run.log(f"{day}: {len(found)} facts", step="reports/daily_facts")
    return found


def make_daily_report(
    run: TenantRun, day: BusinessDay, delivery: Delivery, on_progress: Callable[[str], None]
) -> MadeReport:
    """Write the day's report from its facts, store it and queue its delivery."""
    with run.transaction() as connection:
        data = _day_data(connection, run, day)
        before = reports.daily_report(connection, run.tenant.tenant_id, day)
    model = model_client(run.platform, run.tenant, run.about)
    min_dialogs = run.tenant.config.min_dialogs_for_report
    key = conclusions_key(data, model) if model is not None else None
    if before is not None and key is not None and _says_the_same(before, data, key):
        on_progress("the facts are those of the stored report: it stays as it is")
        written = None
    else:
        written = write_report(data, model, min_dialogs, on_progress)
    with run.transaction() as connection:
        if written is not None:
            report_id = _store(connection, run, data, written)
        else:
            assert before is not None
            report_id = before.report_id
        queued = _queue(connection, run, day, report_id, written, delivery)
        owe_export(connection, run.tenant.tenant_id, day)
        stored = reports.daily_report(connection, run.tenant.tenant_id, day)
    assert stored is not None
    said = f"{day}: report {stored.status}, {queued} messages queued"
    run.log(said, step="reports/daily_report")
    return MadeReport(report_id, stored.status, stored.summary_text, queued)


def _says_the_same(before: reports.StoredReport, data: DayData, key: str) -> bool:
    gaps = gap_metadata(data.gaps).get("gaps")
    return before.metadata.get("conclusions_key") == key and before.metadata.get("gaps") == gaps


def _day_data(connection: Connection, run: TenantRun, day: BusinessDay) -> DayData:
    plan, tenant = run.plan(day), run.tenant
    of_day = (tenant.tenant_id, day, day)
    key = facts.daily_period_key(day)
    sources = sources_read([plan.mode])
    return DayData(
        tenant_name=tenant.name,
        language=tenant.language,
        business_day=day,
        window=plan.window,
        timezone=plan.timezone,
        facts=tuple(facts.stored_facts(connection, tenant.tenant_id, key)),
        waiting=tuple(waiting_dialogs_of_window(connection, *of_day, plan.window)),
        without_deal=tuple(dialogs_without_deal(connection, *of_day, plan.window)),
        managers=manager_names(connection, *of_day),
        fetched_at=newest_fetch(connection, *of_day) or run.platform.clock.now(),
        sources=sources,
        gaps=gaps_of(connection, run, [day]),
        quarantined=quarantined_count(connection, *of_day, sources),
    )


def gaps_of(
    connection: Connection, run: TenantRun, days: Sequence[BusinessDay]
) -> tuple[SourceDay, ...]:
    """The days of their sources that are not there whole, as far as their mode reads them."""
    known = source_days(connection, run.tenant.tenant_id, days[0], days[-1])
    read = {day: sources_read([run.plan(day).mode]) for day in days}
    return tuple(
        each
        for each in known
        if not each.is_whole and each.source in read.get(BusinessDay(each.business_day), ())
    )


def _store(connection: Connection, run: TenantRun, data: DayData, written: WrittenReport) -> UUID:
    row = report_row(run, data, written, facts.daily_period_key(data.business_day))
    now = run.platform.clock.now()
    return reports.save_daily_report(connection, run.tenant.tenant_id, row, now)


def report_row(
    run: TenantRun, data: DayData, written: WrittenReport, data_ref: str
) -> reports.ReportRow:
    """A written report as it is stored; ``data_ref`` is the period key of its facts."""
    return reports.ReportRow(
        business_day=data.business_day,
        window=data.window,
        status=written.status,
        summary_text=plain_text(written.document),
        metadata={
            **written.metadata,
            **gap_metadata(data.gaps),
            "language": data.language,
            "document": written.document.as_json(),
            "messages": telegram.messages(written.document),
        },
        data_ref=data_ref,
        job_run_id=run.job_run_id,
        followup_minutes=run.tenant.config.telegram_followup_minutes,
    )


def _queue(
    connection: Connection,
    run: TenantRun,
    day: BusinessDay,
    report_id: UUID,
    written: WrittenReport | None,
    delivery: Delivery,
) -> int:
    """Queue the report's messages if they are to be sent and none ever was."""
    tenant = run.tenant
    is_latest = day == tenant.config.calendar.latest_closed(run.platform.clock.now())
    if delivery is Delivery.REFUSED or (delivery is Delivery.BY_RULE and not is_latest):
        return 0
    stored = reports.daily_report(connection, tenant.tenant_id, day)
    assert stored is not None
    return queue_report(connection, run, report_id, stored.metadata["messages"])


def queue_report(
    connection: Connection, run: TenantRun, report_id: UUID, messages: Sequence[str]
) -> int:
    """Queue a report's messages for the tenant's chat unless any was sent; returns how many."""
    integration = integrations_of(connection, run.tenant.tenant_id).get("telegram")
    if integration is None:
        run.log("no telegram integration: the report is stored and not sent", level="warning")
        return 0
    return deliveries.queue_parts(
        connection,
        run.tenant.tenant_id,
        report_id,
        "telegram",
        str(integration.public_data["chat_id"]),
        messages,
    )
