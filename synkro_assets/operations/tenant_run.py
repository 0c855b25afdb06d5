"""One run of a tenant: its ledger entry, its claim and the heartbeat that keeps both alive.

What lives here: the object every asset works through. Rows are ``storage/run_ledger.py`` and
``storage/run_claims.py``; Dagster's part is ``resources``.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from synkro_assets.domain.business_day import BusinessDay
from synkro_assets.domain.errors import ClaimLost, SynkroError, TenantIsBusy, UsageProblem
from synkro_assets.domain.tenant import Mode, Tenant
from synkro_assets.operations.platform import Platform
from synkro_assets.storage import run_ledger
from synkro_assets.storage.business_days import DayPlan, day_plan
from synkro_assets.storage.database import Connection
from synkro_assets.storage.run_claims import (
    Claim,
    Holder,
    free_claim,
    holder_of,
    keep_claim,
    prove_claim,
    take_claim,
)

HEARTBEAT_SECONDS = 15.0


class TenantRun:
    """A run that holds its tenant's claim."""

    def __init__(
        self, platform: Platform, tenant: Tenant, plans: Sequence[DayPlan], claim: Claim
    ) -> None:
        self.platform = platform
        self.tenant = tenant
        self.plans = {plan.business_day: plan for plan in plans}
        self._claim = claim
        self._stop = threading.Event()
        self._failure: str | None = None
        self._heart = threading.Thread(target=self._beat, name="synkro-heartbeat", daemon=True)
        self._heart.start()

    @property
    def job_run_id(self) -> int:
        return self._claim.job_run_id

    @property
    def failure(self) -> str | None:
        """What the first step that failed said."""
        return self._failure

    def plan(self, day: BusinessDay) -> DayPlan:
        return self.plans[day]

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction of the tenant that can only commit while the claim is still held."""
        with self.platform.database.tenant_transaction(self.tenant.tenant_id) as connection:
            prove_claim(connection, self._claim)
            yield connection

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
            said = str(problem) if isinstance(problem, SynkroError) else f"internal: {problem!r}"
            self._failure = self._failure or said
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

    def close(self, status: str, error: str | None) -> None:
        """Stop the heartbeat, enter the outcome, free the claim."""
        self._stop.set()
        self._heart.join()
        with self.platform.database.tenant_transaction(self.tenant.tenant_id) as connection:
            ids = (self.tenant.tenant_id, self.job_run_id)
            run_ledger.finish_run(connection, *ids, status, error)
            level = "info" if status == "success" else "error"
            run_ledger.record_event(connection, *ids, error or "finished", level=level)
            free_claim(connection, self._claim)

    def _beat(self) -> None:
        while not self._stop.wait(HEARTBEAT_SECONDS):
            try:
                with self.platform.database.tenant_transaction(self.tenant.tenant_id) as connection:
                    if not keep_claim(connection, self._claim):
                        return
            except SynkroError:
                # The lease outlasts three missed beats; a database that stays away ends the run
                # at its next statement.
                continue


# The other modes are known to the schema and the settings and not yet to the assets.
_RUNNABLE_MODES = {Mode.AMOCRM_RADIST}


def begin_run(
    platform: Platform, tenant: Tenant, days: Sequence[BusinessDay], request: dict[str, str]
) -> TenantRun:
    """Enter a run and take the tenant's claim; raises TenantIsBusy saying who holds it.

    ``request`` names ``job_type``, ``trigger_type``, ``requested_by`` and ``dagster_run_id``.
    """
    require_closed(tenant, days, platform.clock.now())
    with platform.database.tenant_transaction(tenant.tenant_id) as connection:
        plans = [day_plan(connection, tenant, day) for day in days]
        for plan in plans:
            _require_runnable(tenant, plan.mode)
        job_run_id = run_ledger.start_run(
            connection,
            tenant.tenant_id,
            run_ledger.RunRequest(
                mode=plans[-1].mode,
                business_day=plans[-1].business_day,
                window=plans[-1].window,
                **request,
            ),
        )
        claim = take_claim(connection, tenant.tenant_id, job_run_id)
        if claim is None:
            # Leaving by exception takes the ledger entry back: the run never began.
            raise TenantIsBusy(_busy(tenant, holder_of(connection, tenant.tenant_id)))
    return TenantRun(platform, tenant, plans, claim)


def require_closed(tenant: Tenant, days: Sequence[BusinessDay], now: datetime) -> None:
    """Raise UsageProblem for a day that has not ended: its report would be of half a day."""
    for day in days:
        end = tenant.config.calendar.window(day).end
        if end > now:
            raise UsageProblem(
                f"{day} of {tenant.slug} has not ended: it closes at {end:%Y-%m-%d %H:%M} UTC; the "
                f"latest closed day is {tenant.config.calendar.latest_closed(now)}"
            )


def _require_runnable(tenant: Tenant, mode: Mode) -> None:
    if mode not in _RUNNABLE_MODES:
        known = ", ".join(sorted(_RUNNABLE_MODES))
        raise UsageProblem(
            f"{tenant.slug} has the mode {mode}, which this version does not run yet: set it to "
            f"{known} with 'synkro tenants set {tenant.slug} mode={known}'"
        )


def _busy(tenant: Tenant, holder: Holder | None) -> str:
    if holder is None:
        return f"{tenant.slug} was being run until just now: start it again"
    step = f", now at {holder.current_step}" if holder.current_step else ""
    return (
        f"{tenant.slug} is being run already: run {holder.job_run_id} for {holder.business_day}, "
        f"started {holder.started_at:%Y-%m-%d %H:%M} UTC by {holder.requested_by} "
        f"({holder.trigger_type}){step}; wait for it to end"
    )
