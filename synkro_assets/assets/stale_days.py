"""Days whose source is away for now: the run goes on from what is stored of them.

What lives here: which failures may pass and what is noted of them. Loading is ``raw_specs.py``.
"""

from collections.abc import Sequence

from dagster import AssetKey, MetadataValue

from synkro_assets.assets.day_outcomes import Metadata
from synkro_assets.domain.errors import (
    AccountStopped,
    IncompleteFetch,
    ProviderError,
    TokenExpired,
)
from synkro_assets.operations.day_batches import DayOutcomes
from synkro_assets.operations.tenant_run import TenantRun
from synkro_assets.storage.source_days import note_failure


def keep_stored_days(
    tenant_run: TenantRun, source: str, tables: Sequence[str], outcomes: DayOutcomes[Metadata]
) -> None:
    """Let a day that could not be read now go on from what is stored of it; the report says so."""
    for day, problem in list(outcomes.failed.items()):
        if not _may_pass(problem):
            continue
        with tenant_run.transaction() as connection:
            stored = note_failure(
                connection, tenant_run.tenant.tenant_id, day, source, str(problem),
                tenant_run.platform.clock.now(),
            )  # fmt: skip
        if stored is None:
            continue
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


def _may_pass(problem: Exception) -> bool:
    """Whether it is the source that is away for now; a wrong key is there to be mended.

    An account that is stopped and tokens that have ended are told by alerts of their own, and the
    day is read again once they work (``operations/stopped_accounts``).
    """
    if isinstance(problem, AccountStopped | TokenExpired):
        return True
    return isinstance(problem, ProviderError | IncompleteFetch) and problem.is_transient
