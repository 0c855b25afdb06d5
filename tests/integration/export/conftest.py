"""A tenant whose day was reported, and a project of its own to export the day to."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytest

from synkro_assets.operations.integration_checks import CheckOutcome, check_integrations
from synkro_assets.operations.supabase_export import export_days
from synkro_assets.storage.exports import owe_export
from tests.runs import claimed
from tests.stage import Scene
from tests.tenant_project import TenantProject, running_project


class MakeProject(Protocol):
    def __call__(self, **changes: Any) -> AbstractContextManager[TenantProject]: ...


@pytest.fixture
def make_project(server_url: str, tmp_path: Path) -> MakeProject:
    """A project as the test wants it."""

    def make(**changes: Any) -> AbstractContextManager[TenantProject]:
        return running_project(server_url, tmp_path / "project", **changes)

    return make


@pytest.fixture(scope="session")
def shared_project(
    server_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TenantProject]:
    """A project with the whole schema, started once."""
    with running_project(server_url, tmp_path_factory.mktemp("project") / "lite") as project:
        yield project


@pytest.fixture
def project(shared_project: TenantProject) -> Iterator[TenantProject]:
    """The shared project, empty and well."""
    shared_project.gateway.calm()
    shared_project.rows(
        "truncate public.leads, public.contacts, public.lead_contacts, public.dialogs, "
        "public.messages, public.reports"
    )
    yield shared_project
    shared_project.gateway.calm()


@dataclass(frozen=True, slots=True)
class Exporting:
    """A reported day of a tenant whose project is known."""

    scene: Scene

    def connect(self, project: TenantProject, **changes: Any) -> None:
        self.scene.integrations["supabase"] = project.integration(**changes)
        self.scene.connect("supabase")
        scene = self.scene
        with scene.platform.database.tenant_transaction(scene.tenant.tenant_id) as connection:
            assert owe_export(connection, scene.tenant.tenant_id, scene.day)

    def check(self) -> CheckOutcome:
        (outcome,) = check_integrations(self.scene.platform, self.scene.tenant, "supabase")
        return outcome

    def export(self) -> dict[str, int]:
        """Rows by table; raises what kept the day from being exported."""
        with claimed(self.scene) as run:
            outcomes = export_days(run)
        outcomes.require_all_done()
        return outcomes.done[self.scene.day]

    def owed(self) -> dict[str, Any]:
        (row,) = self.scene.rows("select * from app.exports")
        return row

    def step_log(self) -> list[str]:
        rows = self.scene.rows(
            "select message from app.job_run_events where step = 'export/supabase' "
            "order by event_id"
        )
        return [row["message"] for row in rows]


@pytest.fixture
def exporting(copied: Scene) -> Exporting:
    """The shared reported day in a database of the test's own."""
    return Exporting(copied)
