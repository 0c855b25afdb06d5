"""The tenant's tag on every run, whoever started it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from dagster import DagsterInstance, DagsterRun
from dagster._core.run_coordinator import QueuedRunCoordinator, SubmitRunContext

from synkro_assets.run_coordinator import TENANT_TAG, TenantRunCoordinator


@pytest.fixture
def instance() -> Iterator[DagsterInstance]:
    with DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture
def submitted(monkeypatch: pytest.MonkeyPatch) -> list[DagsterRun]:
    runs: list[DagsterRun] = []

    def queue(self: Any, context: SubmitRunContext) -> DagsterRun:
        runs.append(context.dagster_run)
        return context.dagster_run

    monkeypatch.setattr(QueuedRunCoordinator, "submit_run", queue)
    return runs


def submit(instance: DagsterInstance, tags: dict[str, str]) -> DagsterRun:
    coordinator = TenantRunCoordinator()
    coordinator.register_instance(instance)
    run = instance.add_run(DagsterRun(job_name="daily_report", tags=tags))
    return coordinator.submit_run(SubmitRunContext(run, None))  # type: ignore[arg-type]


RANGE = {
    "dagster/asset_partition_range_start": "2026-03-01|acme",
    "dagster/asset_partition_range_end": "2026-03-10|acme",
}


@pytest.mark.parametrize("tags", [{"dagster/partition": "2026-03-05|acme"}, RANGE])
def test_a_run_is_queued_with_its_tenant(
    instance: DagsterInstance, submitted: list[DagsterRun], tags: dict[str, str]
) -> None:
    run = submit(instance, tags)

    assert submitted == [run]
    assert run.tags[TENANT_TAG] == "acme"
    stored = instance.get_run_by_id(run.run_id)
    assert stored is not None
    assert stored.tags[TENANT_TAG] == "acme"


def test_a_run_without_partition_stays_as_it_is(
    instance: DagsterInstance, submitted: list[DagsterRun]
) -> None:
    assert TENANT_TAG not in submit(instance, {"team": "sales"}).tags
    assert len(submitted) == 1


def test_a_tag_that_was_given_is_kept(
    instance: DagsterInstance, submitted: list[DagsterRun]
) -> None:
    run = submit(instance, {"dagster/partition": "2026-03-05|acme", TENANT_TAG: "other"})

    assert run.tags[TENANT_TAG] == "other"
    assert submitted == [run]
