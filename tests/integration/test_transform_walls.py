"""The transforms behind the tenants' walls: no build without a tenant, none that hides a bad row.

A rebuilt table comes back with its walls. The walls themselves are what pgTAP tests.
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import psycopg
import pytest

from synkro_assets.domain.errors import TransformFailed
from synkro_assets.settings import PROJECT_ROOT
from synkro_assets.storage.database import TRANSFORMS, Database
from synkro_assets.storage.transforms import TransformProject, tenant_day_arguments
from tests.catalog import differences, schema_of
from tests.databases import as_owner
from tests.stage import Scene


@pytest.fixture
def project() -> TransformProject:
    return TransformProject(PROJECT_ROOT / "dbt_project")


def _variables(scene: Scene) -> dict[str, Any]:
    return {"tenant_id": str(scene.tenant.tenant_id), "business_days": [scene.day.isoformat()]}


def _as_transforms(tenant_id: str) -> str:
    return f"-c role={TRANSFORMS} -c app.tenant_id={tenant_id}"


@pytest.mark.parametrize("said", [f"-c role={TRANSFORMS}", _as_transforms(""), _as_transforms("*")])
def test_a_build_without_a_tenant_is_an_error(
    project: TransformProject, copied: Scene, said: str
) -> None:
    url, before = copied.platform.database.url, copied.rows("select * from marts.rpt_tenant_day")
    with pytest.raises(TransformFailed, match="no tenant is set"):
        project.run(
            url,
            tenant_day_arguments(),
            _variables(copied),
            connection_options=said,
        )
    assert before
    assert copied.rows("select * from marts.rpt_tenant_day") == before


def test_a_connection_that_speaks_for_another_tenant_builds_nothing_of_this_one(
    project: TransformProject, copied: Scene
) -> None:
    url, before = copied.platform.database.url, copied.rows("select * from marts.fct_dialogs")
    project.run(
        url,
        ["run", "--select", "fct_dialogs"],
        _variables(copied),
        connection_options=_as_transforms(str(uuid4())),
    )
    assert before
    assert copied.rows("select * from marts.fct_dialogs") == before


def test_a_bad_row_turns_a_data_test_red(project: TransformProject, copied: Scene) -> None:
    def test_the_day() -> None:
        project.run(
            copied.platform.database.url,
            ["test", "--select", "rpt_tenant_day", "--exclude", "test_type:unit", "tag:audit"],
            _variables(copied),
            connection_options=_as_transforms(str(copied.tenant.tenant_id)),
        )

    test_the_day()
    with as_owner(copied.platform.database) as connection:
        connection.execute("update marts.rpt_tenant_day set dialogs_count = -1")
    with pytest.raises(TransformFailed, match=r"test none_negative_rpt_tenant_day_\w+ is red"):
        test_the_day()


def test_a_rebuilt_table_stands_behind_its_walls(
    project: TransformProject, database: Database
) -> None:
    with as_owner(database) as connection:
        before = schema_of(connection)
        tables = connection.execute("select tablename from pg_tables where schemaname = 'marts'")
        for row in tables.fetchall():
            connection.execute(f"drop table marts.{row['tablename']} cascade".encode())
        connection.execute("delete from app.transform_builds")
    assert project.build_once(database)
    with as_owner(database) as connection:
        # dbt names an index after the moment it is made.
        changed = differences(before, schema_of(connection))
    assert [line for line in changed if not line.startswith("index marts.")] == []


def test_the_transforms_may_not_drop_what_they_fill(copied: Scene) -> None:
    with as_owner(copied.platform.database) as connection:
        connection.execute(f"set local role {TRANSFORMS}".encode())
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("drop table marts.fct_dialogs")
