"""What the raw groups share: their specs, and reading and loading a run's days.

What lives here: nothing of a particular provider. The tables are ``storage/raw_rows.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetSpec,
    BackfillPolicy,
    MaterializeResult,
    MetadataValue,
    PartitionsDefinition,
    TableColumn,
    TableSchema,
)

from synkro_assets.assets.day_outcomes import Metadata, record_run_days
from synkro_assets.domain.business_day import BusinessDay, Window
from synkro_assets.domain.errors import IncompleteFetch, ProviderError
from synkro_assets.domain.source_days import Cut
from synkro_assets.domain.tenant import Mode
from synkro_assets.ingestion.amocrm import Rows
from synkro_assets.ingestion.completeness import require_no_shrink
from synkro_assets.operations.day_batches import DayOutcomes, each_good_day
from synkro_assets.operations.tenant_run import TenantRun
from synkro_assets.storage.raw_rows import (
    COLUMNS,
    Kind,
    Load,
    RawTable,
    ensure_month,
    load_rows,
    stored_columns,
)
from synkro_assets.storage.run_requests import ask_to_go_on
from synkro_assets.storage.source_days import note_failure, note_reading
from synkro_assets.storage.stored_feeds import count_stored

OWNERS = ["team:data"]

# Dagster puts assets of one policy into one run, where a failed step skips all that follow it. So
# the raw assets carry another policy than the rest: a backfill runs them apart and then asks the
# rest only for days whose raw rows are there. Either way a run is about a month of one tenant.
RAW_BACKFILL = BackfillPolicy.multi_run(max_partitions_per_run=31)
REST_BACKFILL = BackfillPolicy.multi_run(max_partitions_per_run=30)


def raw_specs(
    group: str,
    tables: Sequence[RawTable],
    descriptions: dict[str, str],
    partitions: PartitionsDefinition,
    *,
    kind: str,
) -> list[AssetSpec]:
    """One asset per raw table, key ``raw/<table>``."""
    return [
        AssetSpec(
            key=["raw", table.name],
            description=descriptions[table.name],
            group_name=group,
            owners=OWNERS,
            kinds={"python", "postgres", kind},
            partitions_def=partitions,
            metadata={
                "dagster/table_name": f"raw.{table.name}",
                "dagster/column_schema": TableSchema(
                    columns=[
                        TableColumn(name, COLUMNS[name].type, description=COLUMNS[name].description)
                        for name in stored_columns(table)
                    ]
                ),
            },
        )
        for table in tables
    ]


@dataclass(frozen=True, slots=True)
class Reading:
    """A day's rows by table name, and what a limit left unread of it.

    ``chats`` are the only ones whose rows are replaced by these; all where it is None.
    """

    rows: Rows
    cuts: tuple[Cut, ...] = ()
    place: dict[str, Any] | None = None
    chats: Sequence[int] | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """A provider as the raw assets see it: its tables, who reads it and how.

    ``fetch`` answers the rows of each window's day, by table name; it may raise for all of them.
    """

    name: str
    tables: Sequence[RawTable]
    is_read_in: Callable[[Mode], bool]
    fetch: Callable[[Mapping[BusinessDay, Window]], Mapping[BusinessDay, Reading]]


def materialize_days(
    context: AssetExecutionContext, tenant_run: TenantRun, source: Source
) -> Iterator[MaterializeResult]:
    """Read and load the run's days: whole days or nothing of them, one bad day costing no other."""
    loaded = load_days(tenant_run, source, context.run_id, context.log.info)
    record_run_days(context, tenant_run, loaded, step=f"raw/{source.name}")
    for table in source.tables:
        yield MaterializeResult(asset_key=["raw", table.name])


def load_days(
    tenant_run: TenantRun, source: Source, run_id: str, on_progress: Callable[[str], None]
) -> DayOutcomes[Metadata]:
    """Read the days whose mode has the source in one go and load each in its own transaction."""
    step = f"raw/{source.name}"
    read = [day for day in tenant_run.days if source.is_read_in(tenant_run.plan(day).mode)]

    def attempt(days: Sequence[BusinessDay]) -> Mapping[BusinessDay, Reading]:
        return source.fetch({day: tenant_run.read_window(day) for day in days})

    began = tenant_run.platform.clock.now()

    def load(day: BusinessDay, reading: Reading) -> Metadata:
        counts = _load_day(tenant_run, source, day, reading, run_id, began)
        said = ", ".join(f"{count} {name}" for name, count in counts.items())
        tenant_run.log(f"{day}: stored {said}", step=step, metadata=counts)
        for cut in reading.cuts:
            tenant_run.log(
                f"{day}: {cut.limit}={cut.value} left {cut.left} {cut.unit} unread: run it again "
                "to go on", step=step, level="warning",
            )  # fmt: skip
        return _metadata(tenant_run, day, counts)

    outcomes = each_good_day(read, attempt, on_progress).then(load)
    _keep_stored_days(tenant_run, source, outcomes)
    for day in tenant_run.days:
        if day not in read:
            mode = tenant_run.plan(day).mode
            tenant_run.log(f"{day}: not read, the mode is {mode}", step=step)
            outcomes.done[day] = {
                AssetKey(["raw", table.name]): {
                    "dagster/partition_row_count": 0,
                    "mode": mode.value,
                }
                for table in source.tables
            }
    return outcomes


def _keep_stored_days(
    tenant_run: TenantRun, source: Source, outcomes: DayOutcomes[Metadata]
) -> None:
    """Let a day that could not be read now go on from what is stored of it; the report says so."""
    for day, problem in list(outcomes.failed.items()):
        if not _may_pass(problem):
            continue
        with tenant_run.transaction() as connection:
            stored = note_failure(
                connection, tenant_run.tenant.tenant_id, day, source.name, str(problem),
                tenant_run.platform.clock.now(),
            )  # fmt: skip
        if stored is None:
            continue
        del outcomes.failed[day]
        outcomes.done[day] = {
            AssetKey(["raw", table.name]): {
                "is_stale": True,
                "data_as_of": MetadataValue.timestamp(stored.data_as_of),
            }
            for table in source.tables
        }
        tenant_run.log(
            f"{day}: {problem}; the report is made from what was stored at "
            f"{stored.data_as_of:%Y-%m-%d %H:%M} UTC",
            step=f"raw/{source.name}", level="warning",
            metadata={"business_day": day.isoformat(), "is_stale": True},
        )  # fmt: skip


def _may_pass(problem: Exception) -> bool:
    """Whether it is the source that is away for now; a wrong key is there to be mended."""
    return isinstance(problem, ProviderError | IncompleteFetch) and problem.is_transient


def _load_day(
    tenant_run: TenantRun,
    source: Source,
    day: BusinessDay,
    reading: Reading,
    run_id: str,
    began: datetime,
) -> dict[str, int]:
    load = Load(
        tenant_id=tenant_run.tenant.tenant_id,
        business_day=day,
        fetched_at=began,
        run_id=run_id,
        chats=reading.chats,
    )
    with tenant_run.transaction() as connection:
        ensure_month(connection, day)
        for table in source.tables:
            if table.kind is Kind.FEED:
                stored = count_stored(connection, table, load)
                require_no_shrink(f"{table.name} of {day}", len(reading.rows[table.name]), stored)
        counts = {
            table.name: load_rows(connection, table, load, reading.rows[table.name])
            for table in source.tables
        }
        note_reading(
            connection, load.tenant_id, day, source.name, began, reading.cuts, reading.place
        )
        if reading.cuts:
            place = ":".join(f"{cut.read}-{cut.left}" for cut in reading.cuts)
            ask_to_go_on(connection, load.tenant_id, tenant_run.plan(day), source.name, place)
    return counts


def _metadata(tenant_run: TenantRun, day: BusinessDay, counts: Mapping[str, int]) -> Metadata:
    plan, window = tenant_run.plan(day), tenant_run.read_window(day)
    return {
        AssetKey(["raw", name]): {
            "dagster/partition_row_count": count,
            "window_start": MetadataValue.timestamp(window.start),
            "window_end": MetadataValue.timestamp(window.end),
            "timezone": plan.timezone,
        }
        for name, count in counts.items()
    }
