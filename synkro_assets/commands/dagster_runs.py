"""Running a job for a tenant in this process, recorded in Dagster like any other run.

What lives here: opening the instance, creating the run and following it. What the jobs do is
``definitions``.
"""

from __future__ import annotations

import gc
import os
import sys
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from synkro_assets.domain.business_day import BusinessDay
from synkro_assets.domain.errors import SynkroError, WorkFailed, usage_problem_named
from synkro_assets.domain.tenant import Tenant
from synkro_assets.operations.platform import Platform
from synkro_assets.providers.collector import no_collection
from synkro_assets.settings import PROJECT_ROOT, Settings, child_environment
from synkro_assets.storage.run_ledger import RunEvent, events_since

if TYPE_CHECKING:
    from dagster import (
        AssetKey,
        DagsterEvent,
        DagsterInstance,
        DagsterRun,
        Definitions,
        JobDefinition,
    )
    from dagster._core.remote_origin import RemoteJobOrigin

FOLLOW_SECONDS = 0.3

# Dagster would log every event to stderr; the ledger's own lines say the same in plain words.
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """A finished Dagster run; ``error`` is the first failed step's sentence.

    ``error_class`` is what to raise for it: a failed run is wrong usage when its step said so.
    """

    run_id: str
    succeeded: bool
    error: str | None
    error_class: type[SynkroError] = WorkFailed


def prepare_dagster_home(settings: Settings) -> Path:
    """Bring ``dagster.yaml`` into DAGSTER_HOME; returns the folder."""
    home = settings.dagster_home
    home.mkdir(parents=True, exist_ok=True)
    wanted = (PROJECT_ROOT / "dagster.yaml").read_bytes()
    target = home / "dagster.yaml"
    if not target.exists() or target.read_bytes() != wanted:
        # Not named by process id: containers that share the folder have the same ones.
        fresh = home / f"dagster.yaml.{uuid.uuid4().hex}"
        fresh.write_bytes(wanted)
        fresh.replace(target)
    return home


@contextmanager
def heavy_imports(module: str) -> Iterator[None]:
    """Import a module without the garbage collector looking through it again and again.

    What was imported stays: it is put aside for good, so that later collections skip it too. Only
    the first time, or garbage would be put aside with it.
    """
    if module in sys.modules:
        yield
        return
    try:
        with no_collection():
            yield
    finally:
        gc.freeze()


def loaded_definitions() -> Definitions:
    """The definitions, with the libraries that a tenant-day needs loaded too."""
    with heavy_imports("synkro_assets.definitions"):
        import dbt.cli.main

        from synkro_assets import definitions

        assert dbt.cli.main
    return definitions.defs


@contextmanager
def dagster_instance(settings: Settings, database_url: str) -> Iterator[DagsterInstance]:
    """The instance of this installation, for a process that runs jobs itself."""
    home = prepare_dagster_home(settings)
    os.environ.update(child_environment(settings, database_url))
    with heavy_imports("dagster"):
        from dagster import DagsterInstance

    with DagsterInstance.from_config(str(home)) as instance:
        yield instance


def run_job(
    instance: DagsterInstance,
    defs: Definitions,
    job_name: str,
    tenant: Tenant,
    tags: dict[str, str],
    *,
    groups: Sequence[str] = (),
    on_created: Callable[[str], None] = lambda _: None,
) -> RunOutcome:
    """Run a job of a tenant now; the run shows in Dagit with its lineage and log.

    ``tags`` name the partitions; of an asset job only the assets of ``groups`` run, if any.
    """
    from dagster._core.execution.api import create_execution_plan

    from synkro_assets.partitions import TENANT_TAG, register_tenants

    register_tenants(instance, [tenant.slug])
    job = defs.resolve_job_def(job_name)
    chosen = _assets_of(defs, groups) if groups else None
    if chosen is not None:
        job = job.get_subset(asset_selection=chosen)
    run = instance.create_run_for_job(
        job,
        execution_plan=create_execution_plan(job, run_config=_QUIET),
        run_config=_QUIET,
        tags={**job.run_tags, TENANT_TAG: tenant.slug, **tags},
        asset_selection=frozenset(chosen) if chosen is not None else None,
        remote_job_origin=_origin(job_name),
    )
    on_created(run.run_id)
    return _executed(instance, job, run)


def _executed(instance: DagsterInstance, job: JobDefinition, run: DagsterRun) -> RunOutcome:
    from dagster import DagsterEventType
    from dagster._core.definitions.job_base import InMemoryJob
    from dagster._core.execution.api import execute_run_iterator

    from synkro_assets.failures import event_sentence

    errors: list[tuple[str, type[SynkroError]]] = []
    for event in execute_run_iterator(InMemoryJob(job), run, instance):
        if event.event_type in (DagsterEventType.STEP_FAILURE, DagsterEventType.RUN_FAILURE):
            errors.append((event_sentence(event), _error_class(event)))
    finished = instance.get_run_by_id(run.run_id)
    succeeded = finished is not None and finished.is_success
    if succeeded:
        return RunOutcome(run.run_id, True, None)
    return RunOutcome(run.run_id, False, *next(iter(errors), ("it was stopped", WorkFailed)))


def _assets_of(defs: Definitions, groups: Sequence[str]) -> set[AssetKey]:
    graph = defs.resolve_asset_graph()
    return {
        key for key in graph.materializable_asset_keys if graph.get(key).group_name in set(groups)
    }


def _origin(job_name: str) -> RemoteJobOrigin:
    """Where the code server serves this job, so that Dagit links the run to it."""
    from dagster._core.remote_origin import (
        GrpcServerCodeLocationOrigin,
        RemoteJobOrigin,
        RemoteRepositoryOrigin,
    )

    server = GrpcServerCodeLocationOrigin(
        host=os.environ["SYNKRO_CODE_SERVER_HOST"],
        port=int(os.environ["SYNKRO_CODE_SERVER_PORT"]),
        location_name="synkro",
    )
    return RemoteJobOrigin(RemoteRepositoryOrigin(server, "__repository__"), job_name)


def _error_class(event: DagsterEvent) -> type[SynkroError]:
    """The verdict that ``failures`` put beside a failed step's sentence."""
    failure = getattr(event.event_specific_data, "user_failure_data", None)
    named = failure.metadata.get("error") if failure is not None else None
    return usage_problem_named(str(getattr(named, "value", ""))) or WorkFailed


@contextmanager
def following(
    platform: Platform, tenant: Tenant, on_event: Callable[[RunEvent], None]
) -> Iterator[Callable[[str], None]]:
    """Pass on the step log of runs while they go on; call the given function with a run's id."""
    followed: list[str] = []
    stop = threading.Event()

    def follow() -> None:
        last = 0
        while True:
            is_last_look = stop.wait(FOLLOW_SECONDS)
            for run_id in list(followed):
                try:
                    with platform.database.tenant_transaction(tenant.tenant_id) as connection:
                        news = events_since(connection, tenant.tenant_id, run_id, last)
                except SynkroError:
                    news = []
                for event in news:
                    last = event.event_id
                    on_event(event)
            if is_last_look:
                return

    thread = threading.Thread(target=follow, name="synkro-follow", daemon=True)
    thread.start()
    try:
        yield followed.append
    finally:
        stop.set()
        thread.join()


def materialized_days(
    instance: DagsterInstance, run_id: str, assets: Sequence[tuple[str, ...]]
) -> set[BusinessDay]:
    """The days for which a run materialized every one of some assets."""
    from dagster import DagsterEventType

    from synkro_assets.partitions import split_key

    found: dict[tuple[str, ...], set[BusinessDay]] = {name: set() for name in assets}
    for record in instance.all_logs(run_id, of_type=DagsterEventType.ASSET_MATERIALIZATION):
        event = record.dagster_event
        if event is None or event.asset_key is None or event.partition is None:
            continue
        name = tuple(event.asset_key.path)
        if name in found:
            found[name].add(split_key(event.partition)[1])
    return set.intersection(*found.values())


def unmaterialized_assets(instance: DagsterInstance, run_ids: list[str]) -> list[str]:
    """The assets that successful runs planned and did not materialize; all of them if one failed.

    Reads Dagster's own storage, so that a caller need not believe what a run said of itself.
    """
    from dagster import DagsterEventType

    missing: set[str] = set()
    for run_id in run_ids:
        run = instance.get_run_by_id(run_id)
        keys = {
            kind: {
                record.dagster_event.asset_key.to_user_string()
                for record in instance.all_logs(run_id, of_type=kind)
                if record.dagster_event and record.dagster_event.asset_key
            }
            for kind in (
                DagsterEventType.ASSET_MATERIALIZATION_PLANNED,
                DagsterEventType.ASSET_MATERIALIZATION,
            )
        }
        planned = keys[DagsterEventType.ASSET_MATERIALIZATION_PLANNED]
        done = keys[DagsterEventType.ASSET_MATERIALIZATION]
        is_success = run is not None and run.is_success
        missing |= (planned - done) if is_success and planned else planned or {f"run {run_id}"}
    return sorted(missing)
