"""A day in the tenant's own project: the same rows, however often and whatever was there before."""

import pytest

from synkro_assets.delivery.export_tables import TABLES
from synkro_assets.domain.errors import IncompleteExport
from tests.integration.export.conftest import Exporting, MakeProject
from tests.tenant_project import MIGRATIONS, TenantProject

MART_COUNTS = {
    "leads": "select count(*) as n from marts.fct_leads",
    "dialogs": "select count(*) as n from marts.fct_dialogs",
    "messages": "select count(*) as n from marts.fct_messages",
    "reports": "select count(*) as n from app.reports",
}


def everything(project: TenantProject) -> dict[str, list[str]]:
    """All rows of all tables; the keys of a row are in it."""
    return {
        table.name: [
            each["row"]
            for each in project.rows(
                f"select (to_jsonb(stored) - 'report_row_id')::text as row "
                f"from public.{table.name} as stored order by 1"
            )
        ]
        for table in TABLES
    }


def test_the_day_arrives_whole_and_again_is_the_same(
    exporting: Exporting, project: TenantProject
) -> None:
    exporting.connect(project)
    counts = exporting.export()
    assert counts.keys() == {table.name for table in TABLES}
    assert all(counts.values()), counts
    for table, query in MART_COUNTS.items():
        assert counts[table] == exporting.scene.rows(query)[0]["n"], table
    first = everything(project)
    assert {name: len(rows) for name, rows in first.items()} == counts
    assert exporting.export() == counts
    assert everything(project) == first
    owed = exporting.owed()
    assert (owed["status"], owed["rows_by_table"], owed["attempts"]) == ("done", counts, 2)
