"""The models of the parsed dbt project, and how many rows they hold of a tenant's days.

What lives here: reading the manifest and counting. Running dbt is ``transforms.py``.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any
from uuid import UUID

from psycopg import sql

from synkro_assets.storage.database import Connection


def models_of(manifest_path: Path, materialized: str) -> list[dict[str, Any]]:
    """The manifest's models of a kind (``view``, ``incremental``), parents first."""
    return _models(manifest_path, manifest_path.stat().st_mtime_ns, materialized)


@cache
def _models(manifest_path: Path, written_at: int, materialized: str) -> list[dict[str, Any]]:
    """The models of a manifest as it was written at some time (nanoseconds)."""
    manifest = json.loads(manifest_path.read_bytes())
    models = {
        key: node
        for key, node in manifest["nodes"].items()
        if node["resource_type"] == "model" and node["config"]["materialized"] == materialized
    }
    parents = {
        key: [parent for parent in node["depends_on"]["nodes"] if parent in models]
        for key, node in models.items()
    }
    return [models[key] for key in TopologicalSorter(parents).static_order()]


def row_counts(
    connection: Connection, manifest_path: Path, tenant_id: UUID, days: Sequence[date]
) -> dict[tuple[str, str], dict[date, int]]:
    """How many rows of each day each model holds, by (schema, model), parents first.

    A model without days holds the same for each.
    """
    counts = {}
    for node in [*models_of(manifest_path, "view"), *models_of(manifest_path, "incremental")]:
        name = (node["schema"], node["name"])
        has_days = "business_day" in node["columns"]
        query = sql.SQL(
            "select {} as day, count(*) as rows from {} where tenant_id = %(tenant)s {} group by 1"
        ).format(
            sql.SQL("business_day" if has_days else "null::date"),
            sql.Identifier(*name),
            sql.SQL("and business_day = any(%(days)s)" if has_days else ""),
        )
        rows = connection.execute(query, {"tenant": tenant_id, "days": list(days)})
        found = {row["day"]: int(row["rows"]) for row in rows}
        counts[name] = {day: found.get(day if has_days else None, 0) for day in days}
    return counts
