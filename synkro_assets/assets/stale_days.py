"""Days whose source is away for now: the run goes on from what is stored of them.

What lives here: which failures may pass, what is noted of them and what is asked for again. Loading
is ``raw_specs.py``.
"""

from collections.abc import Sequence
from datetime import datetime

from dagster import AssetKey, MetadataValue

from synkro_assets.assets.day_outcomes import Metadata
from synkro_assets.domain.business_day import BusinessDay
from synkro_assets.domain.errors import (
    AccountStopped,
    IncompleteFetch,
    ProviderError,
    TokenExpired,
)
from synkro_assets.domain.source_days import SourceDay
from synkro_assets.operations.day_batches import DayOutcomes
from synkro_assets.operations.tenant_run import TenantRun
from synkro_assets.storage.run_requests import ask_to_try_again
from synkro_assets.storage.source_days import note_failure


def keep_stored_days(
    tenant_run: TenantRun, source: str, tables: Sequence[str], outcomes: DayOutcomes[Metadata]
) -> None:
    """Let a day that could not be read now go on from what is stored of it; the report says so."""
    for day, problem in list(outcomes.failed.items()):
        if not _may_pass(problem):
            continue
        now = tenant_run.platform.clock.now()
        with tenant_run.transaction() as connection:
            stored = note_failure(
                connection, tenant_run.tenant.tenant_id, day, source, str(problem), now
            )
        if stored is None:
            continue
        if getattr(problem, "is_transient", False):
            _go_on_later(tenant_run, stored, now)
        del outcomes.failed[day]
        outcomes.done[day] = {
            AssetKey(["raw", table]): {
                "is_stale": True,
                "data_as_of": MetadataValue.timestamp(stored.data_as_of),
            }
            for table in tables
        }
        tenant_run.log(
            f"{day}: {problem}; the report is made from what was stored at "
            f"{stored.data_as_of:%Y-%m-%d %H:%M} UTC",
            step=f"raw/{source}", level="warning",
            metadata={"business_day": day.isoformat(), "is_stale": True},
        )  # fmt: skip


def _go_on_later(tenant_run: TenantRun, stored: SourceDay, now: datetime) -> None:
    """Ask again for a day that a limit cut: the run that failed was to go on with it."""
    plan = tenant_run.plan(BusinessDay(stored.business_day))
    if not stored.cuts or stored.data_as_of < plan.window.end:
        return
    progress = (stored.cuts, stored.place)
    with tenant_run.transaction() as connection:
        again_at = ask_to_try_again(
            connection, tenant_run.tenant.tenant_id, plan, stored.source, progress, now
        )
    if again_at is not None:
        text = f"{stored.business_day}: the rest of it is asked for at {again_at:%H:%M} UTC"
        tenant_run.log(text, step=f"raw/{stored.source}")


def _may_pass(problem: Exception) -> bool:
    """Whether it is the source that is away for now; a wrong key is there to be mended.

    An account that is stopped and tokens that have ended are told by alerts of their own, and the
    day is read again once they work (``operations/stopped_accounts``).
    """
    if isinstance(problem, AccountStopped | TokenExpired):
        return True
    return isinstance(problem, ProviderError | IncompleteFetch) and problem.is_transient
