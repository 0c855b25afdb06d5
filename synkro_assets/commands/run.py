"""``synkro run``: a tenant-day now, in this process, recorded in Dagster; no daemon needed.

What lives here: the order of the two jobs and what their outcome means for the caller. Following
and creating runs is ``dagster_runs``; what the jobs do is ``definitions``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from synkro_assets.commands.dagster_runs import (
    RunOutcome,
    dagster_instance,
    following,
    loaded_definitions,
    run_job,
)
from synkro_assets.commands.terminal import busy, say
from synkro_assets.domain.business_day import BusinessDay, Window
from synkro_assets.domain.errors import WorkFailed
from synkro_assets.domain.tenant import Tenant
from synkro_assets.operations.forced_window import require_allowed, touched_days
from synkro_assets.operations.platform import Platform, operating_system_user
from synkro_assets.operations.setup import require_up_to_date
from synkro_assets.operations.supabase_export import is_day_owed
from synkro_assets.operations.tenant_run import require_closed
from synkro_assets.settings import PROJECT_ROOT, Settings
from synkro_assets.storage.deliveries import Part, parts_of_day, parts_of_report
from synkro_assets.storage.reports import StoredReport, daily_report, report_of_run
from synkro_assets.storage.run_ledger import RunEvent

_STYLES = {"error": "red", "warning": "yellow"}


@dataclass(frozen=True, slots=True)
class DayRun:
    """A report that was made: its day (a forced one's last), its messages and Dagster's runs."""

    tenant: Tenant
    day: BusinessDay
    run_ids: list[str]
    report: StoredReport
    parts: list[Part]


def run_day(
    settings: Settings,
    platform: Platform,
    tenant: Tenant,
    day: BusinessDay | None,
    *,
    deliver: bool,
    requested_by: str | None = None,
) -> DayRun:
    """Make a day's report and send what it queued; the latest closed day unless one is named.

    Raises WorkFailed with the first failed step's sentence, or the UsageProblem that it was.
    """
    require_up_to_date(platform.database, PROJECT_ROOT)
    chosen = day or tenant.config.calendar.latest_closed(platform.clock.now())
    require_closed(tenant, [chosen], platform.clock.now())
    say(f"{tenant.slug}: {chosen}", style="bold")
    with busy("starting Dagster"), dagster_instance(settings, platform.database.url) as instance:
        run = partial(run_job, instance, loaded_definitions())
        from synkro_assets import jobs
        from synkro_assets.partitions import run_tags

        tags = run_tags(tenant.slug, chosen)
        tags |= asked_by(requested_by or f"{operating_system_user()} (synkro run)", deliver=deliver)
        with following(platform, tenant, narrator(tenant.config.timezone)) as follow:
            runs = [run(jobs.DAILY_REPORT, tenant, tags, on_created=follow)]
        _require_success(tenant, chosen, runs[0])
        if _parts(platform, tenant, chosen):
            say("delivering to Telegram")
            runs.append(run(jobs.TELEGRAM_DELIVERY, tenant, tags))
            _require_success(tenant, chosen, runs[1])
        runs += export_owed(platform, tenant, chosen, run, tags)
        _require_success(tenant, chosen, runs[-1])
    return _day_run(platform, tenant, chosen, runs)


def run_window(
    settings: Settings, platform: Platform, tenant: Tenant, window: Window, *, deliver: bool
) -> DayRun:
    """Make a forced report on a window and, if asked, send it.

    Raises UsageProblem for a window beyond the tenant's limits, WorkFailed as ``run_day`` does.
    """
    require_up_to_date(platform.database, PROJECT_ROOT)
    require_allowed(tenant, window, platform.clock.now())
    days = touched_days(tenant, window)
    zone = ZoneInfo(tenant.config.timezone)
    start, end = (moment.astimezone(zone) for moment in (window.start, window.end))
    say(f"{tenant.slug}: {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} {zone.key}", style="bold")
    with busy("starting Dagster"), dagster_instance(settings, platform.database.url) as instance:
        run = partial(run_job, instance, loaded_definitions())
        from synkro_assets import jobs
        from synkro_assets.partitions import run_tags
        from synkro_assets.resources import WINDOW_END_TAG, WINDOW_START_TAG

        tags = asked_by(f"{operating_system_user()} (synkro run)", deliver=deliver)
        window_tags = {
            WINDOW_START_TAG: window.start.isoformat(),
            WINDOW_END_TAG: window.end.isoformat(),
        }
        with following(platform, tenant, narrator(tenant.config.timezone)) as follow:
            runs = [run(jobs.FORCED_REPORT, tenant, tags | window_tags, on_created=follow)]
        _require_success(tenant, days[-1], runs[0])
        if deliver:
            say("delivering to Telegram")
            runs.append(run(jobs.TELEGRAM_DELIVERY, tenant, tags | run_tags(tenant.slug, days[-1])))
            _require_success(tenant, days[-1], runs[1])
        day_tags = tags | run_tags(tenant.slug, days[-1])
        runs += export_owed(platform, tenant, days[-1], run, day_tags)
        _require_success(tenant, days[-1], runs[-1])
    with platform.database.tenant_transaction(tenant.tenant_id) as connection:
        report = report_of_run(connection, tenant.tenant_id, runs[0].run_id)
        parts = parts_of_report(connection, tenant.tenant_id, report.report_id) if report else []
    if report is None:
        raise WorkFailed(f"the run of {tenant.slug} ended without a report")
    return DayRun(tenant, days[-1], [each.run_id for each in runs], report, parts)


def export_owed(
    platform: Platform,
    tenant: Tenant,
    day: BusinessDay,
    run: Callable[..., RunOutcome],
    tags: dict[str, str],
) -> list[RunOutcome]:
    """Export a day to the tenant's own Supabase project if it is owed to it.

    Called last: whatever becomes of it, the reports are made and sent. What fails stays owed, and
    the daemon tries again.
    """
    if not is_day_owed(platform, tenant, day):
        return []
    from synkro_assets import jobs
    from synkro_assets.resources import WAITS_TAG

    say("exporting to Supabase")
    waiting = tags | {WAITS_TAG: "yes"}
    with following(platform, tenant, narrator(tenant.config.timezone)) as follow:
        return [run(jobs.SUPABASE_EXPORT, tenant, waiting, on_created=follow)]


def asked_by(requested_by: str, *, deliver: bool, trigger: str = "manual") -> dict[str, str]:
    """The tags by which a run tells who asked for it and whether its report is to be sent.

    A person at a terminal is told who holds the tenant instead of waiting for it.
    """
    from synkro_assets.resources import DELIVER_TAG, REQUESTED_BY_TAG, TRIGGER_TAG, WAITS_TAG

    tags = {REQUESTED_BY_TAG: requested_by, TRIGGER_TAG: trigger, WAITS_TAG: "no"}
    return tags | ({DELIVER_TAG: "yes"} if deliver else {})


def _day_run(
    platform: Platform, tenant: Tenant, day: BusinessDay, runs: list[RunOutcome]
) -> DayRun:
    with platform.database.tenant_transaction(tenant.tenant_id) as connection:
        report = daily_report(connection, tenant.tenant_id, day)
    if report is None:
        raise WorkFailed(f"the run of {tenant.slug} for {day} ended without a report")
    return DayRun(tenant, day, [run.run_id for run in runs], report, _parts(platform, tenant, day))


def _parts(platform: Platform, tenant: Tenant, day: BusinessDay) -> list[Part]:
    with platform.database.tenant_transaction(tenant.tenant_id) as connection:
        return parts_of_day(connection, tenant.tenant_id, day)


def _require_success(tenant: Tenant, day: BusinessDay, run: RunOutcome) -> None:
    if not run.succeeded:
        raise run.error_class(f"{tenant.slug}, {day}: {run.error} (Dagster run {run.run_id})")


def narrator(timezone: str) -> Callable[[RunEvent], None]:
    """Prints each line of a run's step log at its local time."""
    zone = ZoneInfo(timezone)

    def narrate(event: RunEvent) -> None:
        at: datetime = event.created_at.astimezone(zone)
        step = f"{event.step}: " if event.step else ""
        say(f"  {at:%H:%M:%S}  {step}{event.message}", style=_STYLES.get(event.level, ""))

    return narrate
