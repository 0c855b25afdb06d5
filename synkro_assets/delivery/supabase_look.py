"""Looking at a tenant's own Supabase project: whether an export would succeed.

What lives here: what is looked at and what a person is told. The requests are
``providers/supabase``, the export itself is ``supabase_export``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from synkro_assets.delivery.export_tables import REPORTS, SOURCE_REPORT_ID, TABLES
from synkro_assets.domain.errors import ProviderRefused

OLDER_PROJECT = (
    "reports has no source_report_id, so one report of a type is kept per day: paste what "
    "'synkro integrations schema-sql' prints into the project's SQL editor to keep them all"
)


class Project(Protocol):
    """What a look asks of the project."""

    @property
    def address(self) -> str: ...
    @property
    def key_name(self) -> str: ...
    def require_writing_key(self) -> None: ...
    def missing_columns(self, table: str, columns: Sequence[str]) -> list[str] | None: ...
    def count(self, table: str, filters: Mapping[str, Any]) -> int: ...
    def delete(self, table: str, filters: Mapping[str, Any]) -> int: ...


def look_at_project(project: Project, tenant_id: str) -> dict[str, Any]:
    """What a person wants to see of a project that an export would succeed with.

    Raises ProviderRefused naming every table and column that is missing, and what the project's
    own refusals are.
    """
    project.require_writing_key()
    lacks: list[str] = []
    is_older = False
    for table in TABLES:
        missing = project.missing_columns(table.name, table.columns)
        if missing is None:
            lacks.append(f"table {table.name}")
        elif table == REPORTS and missing == [SOURCE_REPORT_ID]:
            is_older = True
        else:
            lacks += [f"column {table.name}.{column}" for column in missing]
    if lacks:
        raise ProviderRefused(
            "Supabase",
            f"the Supabase project lacks {', '.join(lacks)}: paste what 'synkro integrations "
            "schema-sql' prints into its SQL editor",
        )
    # Deletes nothing: amoCRM counts from 1. A key that reads and may not write is refused here.
    project.delete(TABLES[1].name, {"tenant_id": tenant_id, "amocrm_lead_id": [-1]})
    reports = project.count(REPORTS.name, {"tenant_id": tenant_id})
    seen = {"project": project.address, "key": project.key_name, "reports": reports}
    return {**seen, "older": OLDER_PROJECT} if is_older else seen
