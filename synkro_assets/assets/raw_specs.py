"""What the raw groups share: their specs and loading a fetched day into their tables.

What lives here: nothing of a particular provider. The tables are ``storage/raw_rows.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dagster import (
    AssetExecutionContext,
    AssetSpec,
    MaterializeResult,
    MetadataValue,
    PartitionsDefinition,
    TableColumn,
    TableSchema,
)

from synkro_assets.domain.business_day import BusinessDay
from synkro_assets.operations.tenant_run import TenantRun
from synkro_assets.storage.raw_rows import (
    COLUMNS,
    Load,
    RawTable,
    ensure_month,
    load_rows,
    stored_columns,
)

OWNERS = ["team:data"]


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


def load_day(
    context: AssetExecutionContext,
    tenant_run: TenantRun,
    day: BusinessDay,
    tables: Sequence[RawTable],
    rows: dict[str, list[tuple[Any, ...]]],
) -> list[MaterializeResult]:
    """Load a fetched day into its tables in one transaction: all of it or nothing."""
    plan = tenant_run.plan(day)
    load = Load(
        tenant_id=tenant_run.tenant.tenant_id,
        business_day=day,
        fetched_at=tenant_run.platform.clock.now(),
        run_id=context.run_id,
    )
    with tenant_run.transaction() as connection:
        ensure_month(connection, day)
        counts = {
            table.name: load_rows(connection, table, load, rows[table.name]) for table in tables
        }
    said = ", ".join(f"{count} {name}" for name, count in counts.items())
    tenant_run.log(f"stored {said}", step=f"raw/{tables[0].name.split('_')[0]}", metadata=counts)
    return [
        MaterializeResult(
            asset_key=["raw", name],
            metadata={
                "dagster/partition_row_count": count,
                "window_start": MetadataValue.timestamp(plan.window.start),
                "window_end": MetadataValue.timestamp(plan.window.end),
                "timezone": plan.timezone,
            },
        )
        for name, count in counts.items()
    ]
