"""``synkro run``: a tenant-day now, in this process, recorded in Dagster; no daemon needed.

What lives here: the order of the two jobs and what their outcome means for the caller. Following
and creating runs is ``dagster_runs``; what the jobs do is ``definitions``.
"""

from __future__ import annotations

import getpass
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from synkro_assets.commands.dagster_runs import (
    RunOutcome,
    dagster_instance,
    following,
    run_partition,
)
from synkro_assets.commands.terminal import busy, say
from synkro_assets.domain.business_day import BusinessDay
from synkro_assets.domain.errors import WorkFailed
from synkro_assets.domain.tenant import Tenant
from synkro_assets.operations.platform import Platform
from synkro_assets.operations.setup import require_up_to_date
from synkro_assets.operations.tenant_run import require_closed
from synkro_assets.settings import PROJECT_ROOT, Settings
from synkro_assets.storage.deliveries import Part, parts_of_day
from synkro_assets.storage.reports import StoredReport, daily_report
from synkro_assets.storage.run_ledger import RunEvent

_STYLES = {"error": "red", "warning": "yellow"}


@dataclass(frozen=True, slots=True)
class DayRun:
    """A tenant-day that was run: its report, its messages and Dagster's runs."""

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
        # The heavy libraries are loaded here, under the spinner.
        from synkro_assets import definitions, jobs

        run = partial(run_partition, instance, definitions.defs)
        tags = _tags(requested_by or f"{getpass.getuser()} (synkro run)", deliver=deliver)
        with following(platform, tenant, _narrator(tenant.config.timezone)) as follow:
            runs = [run(jobs.DAILY_REPORT, tenant, chosen, tags, follow)]
        _require_success(tenant, chosen, runs[0])
        if _parts(platform, tenant, chosen):
            say("delivering to Telegram")
            runs.append(run(jobs.TELEGRAM_DELIVERY, tenant, chosen, tags))
            _require_success(tenant, chosen, runs[1])
    return _day_run(platform, tenant, chosen, runs)


def _tags(requested_by: str, *, deliver: bool) -> dict[str, str]:
    """The tags by which a run tells who asked for it and whether its report is to be sent."""
    from synkro_assets.resources import DELIVER_TAG, REQUESTED_BY_TAG, TRIGGER_TAG

    tags = {REQUESTED_BY_TAG: requested_by, TRIGGER_TAG: "manual"}
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


def _narrator(timezone: str) -> Callable[[RunEvent], None]:
    zone = ZoneInfo(timezone)

    def narrate(event: RunEvent) -> None:
        at: datetime = event.created_at.astimezone(zone)
        step = f"{event.step}: " if event.step else ""
        say(f"  {at:%H:%M:%S}  {step}{event.message}", style=_STYLES.get(event.level, ""))

    return narrate
