"""What the raw groups share: their specs, and reading and loading a run's days.

What lives here: nothing of a particular provider. The tables are ``storage/raw_rows.py``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
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
from synkro_assets.assets.stale_days import keep_stored_days
from synkro_assets.domain.business_day import BusinessDay, Window
from synkro_assets.domain.soundness import PoisonRecord
from synkro_assets.domain.source_days import Cut
from synkro_assets.domain.tenant import Mode
from synkro_assets.ingestion.completeness import require_no_shrink
from synkro_assets.ingestion.packing import Put, Rows
from synkro_assets.operations.day_batches import DayOutcomes, each_good_day
from synkro_assets.operations.tenant_run import TenantRun
from synkro_assets.providers.collector import rare_collections
from synkro_assets.storage.quarantine import store_quarantined
from synkro_assets.storage.raw_rows import (
    COLUMNS,
    Kind,
    Load,
    RawTable,
)
from synkro_assets.storage.run_requests import ask_to_go_on
from synkro_assets.storage.source_days import note_reading
from synkro_assets.storage.streamed_load import StreamedLoad
from synkro_assets.storage.unfinished_dialogs import Parts, held_count, store_parts

OWNERS = ["team:data"]

_REASONS_SAID = 5

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
                        for name in table.stored_columns
                    ]
                ),
            },
        )
        for table in tables
    ]


@dataclass(frozen=True, slots=True)
class DayShare:
    """A day's rows by table name, what of it cannot be used, and what a limit left unread.

    ``rows`` makes them when the day is stored: those of a month at once take too much memory.
    ``chats`` are those whose rows are replaced by these. One that ``continues`` an earlier reading
    leaves what that set aside; ``parts`` are of dialogs that take several readings.
    """

    rows: Callable[[], Mapping[str, Rows]]
    poison: Sequence[PoisonRecord] = ()
    cuts: tuple[Cut, ...] = ()
    place: dict[str, Any] | None = None
    chats: Sequence[int] | None = None
    continues: bool = False
    parts: Parts | None = None

    @property
    def is_whole(self) -> bool:
        """Whether one reading saw all of the day that the source still has."""
        return not self.cuts and not self.continues


@dataclass(frozen=True, slots=True)
class Source:
    """A provider as the raw assets see it: its tables, who reads it and how.

    ``fetch`` answers each window's day; it may raise for all of them. One that ``is_streamed`` has
    rows of a run of one day stored through ``put`` while it reads, and answers with the rest.
    """

    name: str
    tables: Sequence[RawTable]
    is_read_in: Callable[[Mode], bool]
    fetch: Callable[[Mapping[BusinessDay, Window], Put | None], Mapping[BusinessDay, DayShare]]
    is_streamed: bool = False


def materialize_days(
    context: AssetExecutionContext, tenant_run: TenantRun, source: Source
) -> Iterator[MaterializeResult]:
    """Read and load the run's days: whole days or nothing of them, one bad day costing no other."""
    loaded = load_days(tenant_run, source, context.run_id, context.log.info)
    record_run_days(context, tenant_run, loaded, step=f"raw/{source.name}")
    for table in source.tables:
        yield MaterializeResult(asset_key=["raw", table.name])


@rare_collections()
def load_days(
    tenant_run: TenantRun, source: Source, run_id: str, on_progress: Callable[[str], None]
) -> DayOutcomes[Metadata]:
    """Read the days whose mode has the source in one go and load each in its own transaction."""
    read = [day for day in tenant_run.days if source.is_read_in(tenant_run.plan(day).mode)]
    began = tenant_run.platform.clock.now()

    def loading_of(
        day: BusinessDay, chats: Sequence[int] | None = None, *, is_whole: bool = True
    ) -> StreamedLoad:
        load = Load(tenant_run.tenant.tenant_id, day, began, run_id, chats, is_whole)
        database = tenant_run.platform.database
        return StreamedLoad(database, source.tables, load, tenant_run.prove_claim)

    with ExitStack() as open_loads:
        streamed: StreamedLoad | None = None
        if source.is_streamed and len(tenant_run.days) == len(read) == 1:
            streamed = open_loads.enter_context(closing(loading_of(read[0])))

        def attempt(days: Sequence[BusinessDay]) -> Mapping[BusinessDay, DayShare]:
            windows = {day: tenant_run.read_window(day) for day in days}
            return source.fetch(windows, streamed.put if streamed else None)

        def load(day: BusinessDay, share: DayShare) -> Metadata:
            of_share = streamed or loading_of(day, share.chats, is_whole=share.is_whole)
            with closing(of_share) as loading:
                counts, quarantined = _load_day(tenant_run, source, loading, share)
            return _told(tenant_run, source, day, share, counts, quarantined)

        outcomes = each_good_day(read, attempt, on_progress).then(load)
    keep_stored_days(tenant_run, source.name, [t.name for t in source.tables], outcomes)
    outcomes.done |= {
        day: _unread(tenant_run, source, day) for day in tenant_run.days if day not in read
    }
    return outcomes


def _unread(tenant_run: TenantRun, source: Source, day: BusinessDay) -> Metadata:
    """A day whose mode does without the source."""
    mode = tenant_run.plan(day).mode
    tenant_run.log(f"{day}: not read, the mode is {mode}", step=f"raw/{source.name}")
    return {
        AssetKey(["raw", table.name]): {"dagster/partition_row_count": 0, "mode": mode.value}
        for table in source.tables
    }


def _told(
    tenant_run: TenantRun,
    source: Source,
    day: BusinessDay,
    share: DayShare,
    counts: Mapping[str, int],
    quarantined: int,
) -> Metadata:
    """What was stored of a day, for Dagster; said in the step log too."""
    step = f"raw/{source.name}"
    said = ", ".join(f"{count} {name}" for name, count in counts.items())
    tenant_run.log(f"{day}: stored {said}", step=step, metadata=dict(counts))
    _warn(tenant_run, step, day, share, quarantined)
    return _metadata(tenant_run, day, counts, quarantined)


def _load_day(
    tenant_run: TenantRun, source: Source, loading: StreamedLoad, share: DayShare
) -> tuple[dict[str, int], int]:
    """How many rows each table got and how many records were set aside."""
    load, rows = loading.load_of_day, share.rows()
    day = BusinessDay(load.business_day)
    with loading.transaction() as connection:
        for table in source.tables:
            if table.kind is Kind.FEED:
                stored = loading.stored_before(table)
                answered = loading.count(table) + len(rows.get(table.name, ()))
                if share.parts and stored:
                    answered += held_count(connection, load, share.parts)
                require_no_shrink(f"{table.name} of {day}", answered, stored)
        quarantined = store_quarantined(
            connection, load, source.name, share.poison, continues=share.continues
        )
        counts = {
            table.name: loading.load(table, rows.get(table.name, ())) for table in source.tables
        }
        if share.parts:
            store_parts(connection, load, share.parts)
        began, progress = load.fetched_at, (share.cuts, share.place)
        note_reading(connection, load.tenant_id, day, source.name, began, *progress)
        # A day that is still open is read anew once it has ended.
        if share.cuts and began >= tenant_run.plan(day).window.end:
            plan = tenant_run.plan(day)
            ask_to_go_on(connection, load.tenant_id, plan, source.name, progress)
    return counts, quarantined


def _warn(
    tenant_run: TenantRun, step: str, day: BusinessDay, share: DayShare, quarantined: int
) -> None:
    for cut in share.cuts:
        left = "some" if cut.left is None else cut.left
        tenant_run.log(
            f"{day}: {cut.limit}={cut.value} left {left} {cut.unit} unread: the next run goes on",
            step=step, level="warning",
        )  # fmt: skip
    if quarantined:
        tenant_run.log(
            f"{day}: {_said_of(share.poison)}",
            step=step, level="warning", metadata={"quarantined": quarantined},
        )  # fmt: skip


def _said_of(poison: Sequence[PoisonRecord]) -> str:
    """What was set aside and why, the most frequent first; nothing of what the records say."""
    reasons = Counter(f"{each.entity}: {each.reason}" for each in poison)
    named = [
        f"{reason} ({count})" if count > 1 else reason
        for reason, count in reasons.most_common(_REASONS_SAID)
    ]
    more = ", …" if len(reasons) > _REASONS_SAID else ""
    noun = "record" if len(poison) == 1 else "records"
    return f"{len(poison)} {noun} set aside: {', '.join(named)}{more}"


def _metadata(
    tenant_run: TenantRun, day: BusinessDay, counts: Mapping[str, int], quarantined: int
) -> Metadata:
    """``quarantined`` is of the whole source: a poison record may belong to no table."""
    plan, window = tenant_run.plan(day), tenant_run.read_window(day)
    return {
        AssetKey(["raw", name]): {
            "dagster/partition_row_count": count,
            "window_start": MetadataValue.timestamp(window.start),
            "window_end": MetadataValue.timestamp(window.end),
            "timezone": plan.timezone,
            "quarantined": quarantined,
        }
        for name, count in counts.items()
    }
