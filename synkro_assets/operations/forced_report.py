"""Making a report on a window of time that somebody asked for.

What lives here: facts of the window under their own period key, and the report row of its own. The
daily facts and reports of the days it touches are not looked at, let alone changed. Which windows
are allowed is ``forced_window.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from synkro_assets.delivery import telegram
from synkro_assets.domain.business_day import Window
from synkro_assets.domain.report_document import plain_text
from synkro_assets.operations.daily_report import (
    Delivery,
    MadeReport,
    gaps_of,
    queue_report,
    report_row,
)
from synkro_assets.operations.provider_clients import model_client
from synkro_assets.operations.tenant_run import TenantRun
from synkro_assets.reporting.day_data import DayData, sources_read
from synkro_assets.reporting.writer import WrittenReport, write_report
from synkro_assets.storage import facts, reports
from synkro_assets.storage.database import Connection
from synkro_assets.storage.exports import owe_export
from synkro_assets.storage.marts import (
    dialogs_without_deal,
    manager_names,
    newest_fetch,
    waiting_dialogs_of_window,
)
from synkro_assets.storage.quarantine import quarantined_count


def make_forced_report(
    run: TenantRun, delivery: Delivery, on_progress: Callable[[str], None]
) -> MadeReport:
    """Compute the facts of the run's window, write the report on it and store both."""
    window = run.window
    with run.transaction() as connection:
        data = _window_data(connection, run, window)
    run.log(f"{len(data.facts)} facts", step="reports/forced_report")
    model = model_client(run.platform, run.tenant, run.about)
    written = write_report(data, model, run.tenant.config.min_dialogs_for_report, on_progress)
    with run.transaction() as connection:
        report_id = _store(connection, run, data, written)
        queued = 0
        if reports.daily_report(connection, run.tenant.tenant_id, run.days[-1]) is not None:
            # One of a day that is still open goes with the day's own report.
            owe_export(connection, run.tenant.tenant_id, run.days[-1])
        if delivery is Delivery.ASKED:
            queued = queue_report(connection, run, report_id, telegram.messages(written.document))
    text = plain_text(written.document)
    said = f"report {written.status}, {queued} messages queued"
    run.log(said, step="reports/forced_report")
    return MadeReport(report_id, written.status, text, queued)


def period_key(window: Window) -> str:
    """The period key of a window's facts."""
    return f"window:{window.start.isoformat()}/{window.end.isoformat()}"


def _window_data(connection: Connection, run: TenantRun, window: Window) -> DayData:
    """Compute and store the facts, and gather what else the report is made from."""
    tenant, last = run.tenant, run.days[-1]
    of_days = (tenant.tenant_id, run.days[0], last)
    found = facts.compute_facts(connection, *of_days, window)
    facts.store_facts(connection, tenant.tenant_id, period_key(window), window, found)
    sources = sources_read(run.plan(day).mode for day in run.days)
    return DayData(
        tenant_name=tenant.name,
        language=tenant.language,
        business_day=last,
        window=window,
        timezone=run.plan(last).timezone,
        facts=tuple(found),
        waiting=tuple(waiting_dialogs_of_window(connection, *of_days, window)),
        without_deal=tuple(dialogs_without_deal(connection, *of_days, window)),
        managers=manager_names(connection, *of_days),
        fetched_at=newest_fetch(connection, *of_days) or run.platform.clock.now(),
        sources=sources,
        is_forced=True,
        gaps=gaps_of(connection, run, run.days),
        quarantined=quarantined_count(connection, *of_days, sources),
    )


def _store(connection: Connection, run: TenantRun, data: DayData, written: WrittenReport) -> UUID:
    row = report_row(run, data, written, period_key(data.window))
    now = run.platform.clock.now()
    return reports.save_forced_report(connection, run.tenant.tenant_id, run.days[0], row, now)
