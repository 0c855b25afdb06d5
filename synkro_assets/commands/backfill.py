"""``synkro backfill``: a range of a tenant's days now, in this process, recorded in Dagster.

What lives here: the order of the runs and what became of each day. A month at a time, the raw rows
are read first, and the rest is asked only for the days whose raw rows are there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from synkro_assets.commands.dagster_runs import (
    RunOutcome,
    dagster_instance,
    following,
    loaded_definitions,
    materialized_days,
    run_job,
)
from synkro_assets.commands.run import asked_by, narrator
from synkro_assets.commands.terminal import busy, say
from synkro_assets.domain.business_day import BusinessDay, days_between, stretches
from synkro_assets.domain.errors import UsageProblem, WorkFailed
from synkro_assets.domain.tenant import Tenant
from synkro_assets.operations.platform import Platform, operating_system_user
from synkro_assets.operations.setup import require_up_to_date
from synkro_assets.operations.supabase_export import is_day_owed
from synkro_assets.operations.tenant_run import require_closed
from synkro_assets.settings import PROJECT_ROOT, Settings
from synkro_assets.storage.run_ledger import failed_days

if TYPE_CHECKING:
    from dagster import DagsterInstance

RAW_GROUPS = ("raw_amocrm", "raw_radist")
REST_GROUPS = ("raw_phone_lookups", "dbt_models", "reports")
_LAST_ASSET = {
    RAW_GROUPS: [("raw", "amocrm_leads"), ("raw", "radist_messages")],
    REST_GROUPS: [("reports", "daily_report")],
}


@dataclass(slots=True)
class Backfill:
    """What became of each day; ``failed`` says why, ``run_ids`` are Dagster's.

    ``export_error`` says why days that were made are not in the tenant's own project yet.
    """

    tenant: Tenant
    days: list[BusinessDay]
    done: set[BusinessDay] = field(default_factory=set)
    failed: dict[BusinessDay, str] = field(default_factory=dict)
    run_ids: list[str] = field(default_factory=list)
    export_error: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The outcome as plain values."""
        return {
            "tenant": self.tenant.slug,
            "days": [
                {
                    "day": day.isoformat(),
                    "status": "failed" if day in self.failed else "done",
                    "error": self.failed.get(day),
                }
                for day in self.days
            ],
            "dagster_run_ids": self.run_ids,
            "export_error": self.export_error,
        }


def run_backfill(
    settings: Settings,
    platform: Platform,
    tenant: Tenant,
    first: BusinessDay,
    last: BusinessDay,
    *,
    deliver: bool,
) -> Backfill:
    """Make the reports of every day from ``first`` to ``last``; a bad day costs no other.

    Raises UsageProblem for a range that cannot be run; failed days are in what is returned.
    """
    require_up_to_date(platform.database, PROJECT_ROOT)
    days = days_between(first, last)
    if not days:
        raise UsageProblem(f"--from {first} is later than --to {last}")
    require_closed(tenant, [last], platform.clock.now())
    require_in_partitions(settings, platform, first)
    say(f"{tenant.slug}: {first} to {last}, {len(days)} days", style="bold")
    backfill = Backfill(tenant, days)
    with busy("starting Dagster"), dagster_instance(settings, platform.database.url) as instance:
        work = _Work(platform, instance, backfill, deliver)
        for month in _batches(days):
            good = work.run(RAW_GROUPS, month)
            for start, end in stretches(good):
                made = work.run(REST_GROUPS, days_between(start, end))
                backfill.done |= made
                if deliver and made:
                    work.deliver(made)
                work.export(made)
            say(f"{len(backfill.done) + len(backfill.failed)} of {len(days)} days worked through")
    return backfill


class _Work:
    """Runs parts of a backfill and enters what became of their days."""

    def __init__(
        self, platform: Platform, instance: DagsterInstance, backfill: Backfill, deliver: bool
    ) -> None:
        self._platform, self._instance, self._backfill = platform, instance, backfill
        requested_by = f"{operating_system_user()} (synkro backfill)"
        from synkro_assets.resources import DELIVER_TAG

        self._tags = asked_by(requested_by, deliver=deliver, trigger="backfill")
        self._tags.setdefault(DELIVER_TAG, "no")

    def run(self, groups: tuple[str, ...], days: Sequence[BusinessDay]) -> set[BusinessDay]:
        """Run some groups of assets for consecutive days; returns the days that were made."""
        from synkro_assets import jobs

        tenant = self._backfill.tenant
        outcome = self._run(jobs.DAILY_REPORT, days, groups)
        last_assets = _LAST_ASSET[groups]
        made = materialized_days(self._instance, outcome.run_id, last_assets) & set(days)
        if not outcome.succeeded:
            self._enter_failures(outcome, [day for day in days if day not in made])
            if not made and not self._named(outcome):
                raise outcome.error_class(f"{tenant.slug}, {days[0]}: {outcome.error}")
        return made

    def deliver(self, days: set[BusinessDay]) -> None:
        """Send the reports that were queued for some days."""
        from synkro_assets import jobs

        for start, end in stretches(days):
            outcome = self._run(jobs.TELEGRAM_DELIVERY, days_between(start, end), ())
            if not outcome.succeeded:
                raise WorkFailed(f"{self._backfill.tenant.slug}: {outcome.error}")

    def export(self, days: set[BusinessDay]) -> None:
        """Export some days to the tenant's own project, if it has one; a failure costs no day."""
        from synkro_assets import jobs

        for start, end in stretches(days):
            stretch = days_between(start, end)
            if any(is_day_owed(self._platform, self._backfill.tenant, day) for day in stretch):
                outcome = self._run(jobs.SUPABASE_EXPORT, stretch, ())
                self._backfill.export_error = outcome.error or self._backfill.export_error

    def _run(
        self, job_name: str, days: Sequence[BusinessDay], groups: tuple[str, ...]
    ) -> RunOutcome:
        from synkro_assets.partitions import range_tags

        tenant = self._backfill.tenant
        tags = range_tags(tenant.slug, days[0], days[-1]) | self._tags
        zone = tenant.config.timezone
        with following(self._platform, tenant, narrator(zone)) as follow:
            outcome = run_job(
                self._instance,
                loaded_definitions(),
                job_name,
                tenant,
                tags,
                groups=groups,
                on_created=follow,
            )
        self._backfill.run_ids.append(outcome.run_id)
        return outcome

    def _named(self, outcome: RunOutcome) -> dict[BusinessDay, str]:
        tenant_id = self._backfill.tenant.tenant_id
        with self._platform.database.tenant_transaction(tenant_id) as connection:
            told = failed_days(connection, tenant_id, outcome.run_id)
        return {BusinessDay(day): said for day, said in told.items()}

    def _enter_failures(self, outcome: RunOutcome, days: Sequence[BusinessDay]) -> None:
        named = self._named(outcome)
        for day in days:
            self._backfill.failed[day] = named.get(day, outcome.error or "the run failed")


def _batches(days: Sequence[BusinessDay]) -> Iterator[Sequence[BusinessDay]]:
    from synkro_assets.assets.raw_specs import REST_BACKFILL

    size = REST_BACKFILL.max_partitions_per_run or len(days)
    for start in range(0, len(days), size):
        yield days[start : start + size]


def require_in_partitions(settings: Settings, platform: Platform, day: BusinessDay) -> None:
    """Raise UsageProblem for a day before the first one Dagster knows."""
    first = settings.first_day(platform.clock.now())
    if day < first:
        raise UsageProblem(
            f"{day} is before the first business day {first}: set SYNKRO_FIRST_BUSINESS_DAY to an "
            "earlier one"
        )
