"""One run of a tenant: its ledger entry, its claim and the heartbeat that keeps both alive.

What lives here: the object every asset works through. Rows are ``storage/run_ledger.py`` and
``storage/run_claims.py``; Dagster's part is ``resources``.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from synkro_assets.domain.business_day import BusinessDay, Window
from synkro_assets.domain.errors import ClaimLost, SynkroError, TenantIsBusy, UsageProblem
from synkro_assets.domain.tenant import Tenant
from synkro_assets.operations.day_batches import sentence
from synkro_assets.operations.platform import Platform
from synkro_assets.storage import run_claims, run_ledger
from synkro_assets.storage.business_days import DayPlan, day_plan
from synkro_assets.storage.database import Connection
from synkro_assets.storage.integration_logs import Related, dagster_run
from synkro_assets.storage.run_supervision import bury_silent_runs, stop_requested

HEARTBEAT_SECONDS = 5.0
BUSY_POLL_SECONDS = 2.0
STOPPED = "Stopped by user"


@dataclass(frozen=True, slots=True)
class RunOrder:
    """What is to be run for a tenant, and who asked.

    ``covers_open_days`` lets a day that has not ended be read up to now, as forced reports need;
    ``patience`` is how long to wait for another run of the tenant; ``job_run_id`` names the pending
    row that asked for this run.
    """

    days: Sequence[BusinessDay]
    job_type: str
    trigger_type: str
    requested_by: str
    dagster_run_id: str
    window: Window | None = None
    covers_open_days: bool = False
    patience: timedelta = timedelta(0)
    job_run_id: int | None = None


class TenantRun:
    """A run that holds its tenant's claim.

    ``window`` is what it reports on: a forced report's window, else all of its days. ``refused``
    are the days of a range that cannot be run, with the reason. ``about`` is what its exchanges
    with providers are recorded under.
    """

    def __init__(
        self,
        platform: Platform,
        tenant: Tenant,
        plans: Sequence[DayPlan],
        claim: run_claims.Claim,
        window: Window,
        refused: dict[BusinessDay, Exception] | None = None,
        about: Related | None = None,
    ) -> None:
        self.platform = platform
        self.tenant = tenant
        self.plans = {plan.business_day: plan for plan in plans}
        self.window = window
        self.refused = refused or {}
        self.about = about
        self.stopped_by: str | None = None
        self.on_stop: Callable[[], None] = lambda: None
        self._claim = claim
        self._stop = threading.Event()
        self._failure: str | None = None
        self._logged: set[str] = set()
        self._heart = threading.Thread(target=self._beat, name="synkro-heartbeat", daemon=True)
        self._heart.start()

    @property
    def days(self) -> list[BusinessDay]:
        """The days this run works on, in order."""
        return list(self.plans)

    @property
    def job_run_id(self) -> int:
        return self._claim.job_run_id

    @property
    def failure(self) -> str | None:
        """What the first step that failed said."""
        return self._failure

    def plan(self, day: BusinessDay) -> DayPlan:
        return self.plans[day]

    def read_window(self, day: BusinessDay) -> Window:
        """What there is to read of a day: its window, up to now while it is still open."""
        window = self.plans[day].window
        return Window(window.start, min(window.end, self.platform.clock.now()))

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction of the tenant that can only commit while the claim is still held."""
        with self.platform.database.tenant_transaction(self.tenant.tenant_id) as connection:
            self.prove_claim(connection)
            yield connection

    def prove_claim(self, connection: Connection) -> None:
        """Raise ClaimLost unless this run still holds its tenant; so until the transaction ends."""
        run_claims.prove_claim(connection, self._claim)

    @contextmanager
    def step(self, name: str, progress: int) -> Iterator[None]:
        """Enter a step in the ledger; what goes wrong inside is logged there in plain words."""
        with self.transaction() as connection:
            ids = (self.tenant.tenant_id, self.job_run_id)
            run_ledger.record_step(connection, *ids, name, progress)
            run_ledger.record_event(connection, *ids, "started", step=name)
        try:
            yield
        except ClaimLost:
            self._failure = self._failure or "the lease on the tenant was lost"
            raise
        except Exception as problem:
            said = sentence(problem)
            self._failure = self._failure or said
            if said not in self._logged:
                self.log(said, step=name, level="error")
            raise

    def log(
        self,
        message: str,
        *,
        step: str | None = None,
        level: str = "info",
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """One line of the run's step log."""
        with self.platform.database.tenant_transaction(self.tenant.tenant_id) as connection:
            run_ledger.record_event(
                connection, self.tenant.tenant_id, self.job_run_id, message,
                step=step, level=level, metadata=metadata,
            )  # fmt: skip

    def log_failed_day(self, day: BusinessDay, problem: Exception, step: str) -> None:
        """Say in the step log why a day failed; a run of one day says it without naming the day."""
        said = sentence(problem)
        self._logged.add(said)
        text = said if len(self.days) + len(self.refused) == 1 else f"{day}: {said}"
        self.log(text, step=step, level="error", metadata={"business_day": day.isoformat()})

    def close(self, status: str, error: str | None) -> None:
        """Stop the heartbeat, enter the outcome, free the claim."""
        self._stop.set()
        self._heart.join()
        with self.platform.database.tenant_transaction(self.tenant.tenant_id) as connection:
            ids = (self.tenant.tenant_id, self.job_run_id)
            run_ledger.finish_run(connection, *ids, status, error)
            level = "info" if status == "success" else "error"
            run_ledger.record_event(connection, *ids, error or "finished", level=level)
            run_claims.free_claim(connection, self._claim)

    def _beat(self) -> None:
        """Keep the lease until the run ends; a stop that somebody asked for interrupts the run."""
        while not self._stop.wait(HEARTBEAT_SECONDS):
            try:
                with self.platform.database.tenant_transaction(self.tenant.tenant_id) as connection:
                    if not run_claims.keep_claim(connection, self._claim):
                        return
                    actor = stop_requested(connection, self.tenant.tenant_id, self.job_run_id)
            except SynkroError:
                # A database that stays away ends the run at its next statement.
                continue
            if actor is not None and self.stopped_by is None:
                self.stopped_by = actor
                self.on_stop()
                # As Ctrl-C would: the work ends at once, and its transaction with it.
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


def begin_run(
    platform: Platform,
    tenant: Tenant,
    order: RunOrder,
    on_wait: Callable[[str], None] = lambda _: None,
) -> TenantRun:
    """Enter a run and take the tenant's claim.

    Raises TenantIsBusy saying who holds the claim when it is not freed within the order's patience,
    and UsageProblem when no day of the order can be run.
    """
    days, refused = _runnable(tenant, order, platform.clock.now())
    deadline = time.monotonic() + order.patience.total_seconds()
    has_said = False
    while True:
        try:
            return _enter(platform, tenant, order, days, refused)
        except TenantIsBusy as busy:
            if time.monotonic() >= deadline:
                raise
            if not has_said:
                on_wait(f"waiting: {busy}")
                has_said = True
            time.sleep(BUSY_POLL_SECONDS)


def _runnable(
    tenant: Tenant, order: RunOrder, now: datetime
) -> tuple[list[BusinessDay], dict[BusinessDay, Exception]]:
    """The days that can be run now, and the others with the reason."""
    refused: dict[BusinessDay, Exception] = {}
    for day in order.days:
        try:
            require_begun(tenant, day, now)
            if not order.covers_open_days:
                require_closed(tenant, [day], now)
        except UsageProblem as problem:
            refused[day] = problem
    days = [day for day in order.days if day not in refused]
    if not days:
        raise next(iter(refused.values()), UsageProblem("this run covers no day"))
    return days, refused


def _enter(
    platform: Platform,
    tenant: Tenant,
    order: RunOrder,
    days: Sequence[BusinessDay],
    refused: dict[BusinessDay, Exception],
) -> TenantRun:
    with platform.database.tenant_transaction(tenant.tenant_id) as connection:
        plans = [day_plan(connection, tenant, day) for day in days]
        window = order.window or Window(plans[0].window.start, plans[-1].window.end)
        bury_silent_runs(connection, tenant.tenant_id)
        job_run_id = run_ledger.start_run(
            connection,
            tenant.tenant_id,
            run_ledger.RunRequest(
                job_type=order.job_type,
                mode=plans[-1].mode,
                trigger_type=order.trigger_type,
                first_business_day=plans[0].business_day,
                business_day=plans[-1].business_day,
                window=window,
                requested_by=order.requested_by,
                dagster_run_id=order.dagster_run_id,
                job_run_id=order.job_run_id,
            ),
        )
        claim = run_claims.take_claim(connection, tenant.tenant_id, job_run_id)
        if claim is None:
            # Leaving by exception takes the ledger entry back: the run never began.
            raise TenantIsBusy(_busy(tenant, run_claims.holder_of(connection, tenant.tenant_id)))
    about = dagster_run(order.dagster_run_id)
    return TenantRun(platform, tenant, plans, claim, window, refused, about)


def require_closed(tenant: Tenant, days: Sequence[BusinessDay], now: datetime) -> None:
    """Raise UsageProblem for a day that has not ended: its report would be of half a day."""
    for day in days:
        end = tenant.config.calendar.window(day).end
        if end > now:
            raise UsageProblem(
                f"{day} of {tenant.slug} has not ended: it closes at {end:%Y-%m-%d %H:%M} UTC; the "
                f"latest closed day is {tenant.config.calendar.latest_closed(now)}"
            )


def require_begun(tenant: Tenant, day: BusinessDay, now: datetime) -> None:
    """Raise UsageProblem for a day that lies in the future."""
    start = tenant.config.calendar.window(day).start
    if start > now:
        raise UsageProblem(
            f"{day} of {tenant.slug} has not begun: it starts at {start:%Y-%m-%d %H:%M} UTC; the "
            f"latest closed day is {tenant.config.calendar.latest_closed(now)}"
        )


def _busy(tenant: Tenant, holder: run_claims.Holder | None) -> str:
    if holder is None:
        return f"{tenant.slug} was being run until just now: start it again"
    days = f"{holder.business_day}"
    if holder.first_business_day not in (None, holder.business_day):
        days = f"{holder.first_business_day} to {holder.business_day}"
    step = f", now at {holder.current_step}" if holder.current_step else ""
    return (
        f"{tenant.slug} is being run already: run {holder.job_run_id} for {days}, "
        f"started {holder.started_at:%Y-%m-%d %H:%M} UTC by {holder.requested_by} "
        f"({holder.trigger_type}){step}; wait for it to end"
    )
