"""A real webserver over a filled installation, asked what Dagit's asset page asks.

What lives here: starting the code server and the webserver, and the page's queries, cut to the
fields that cost something. Their names are Dagit's own.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.processes import measure
from benchmarks.stage import await_answer, await_port, free_port
from synkro_assets.settings import PROJECT_ROOT, Settings, child_environment

_START_SECONDS = 120.0
_REPEATS = 3

_HEALTH = """query PartitionHealthQuery($assetKey: AssetKeyInput!) {
  assetNodeOrError(assetKey: $assetKey) { ... on AssetNode { id
    partitionKeysByDimension { name type partitionKeys }
    assetPartitionStatuses {
      ... on MultiPartitionStatuses { primaryDimensionName ranges {
        primaryDimStartKey primaryDimEndKey primaryDimStartTime primaryDimEndTime
        secondaryDim {
          ... on TimePartitionStatuses { ranges { status startTime endTime startKey endKey } }
          ... on DefaultPartitionStatuses {
            materializedPartitions materializingPartitions failedPartitions } } } } } } } }"""
_LATEST_PARTITIONS = """query LatestAssetPartitionsQuery($assetKey: AssetKeyInput!) {
  assetNodeOrError(assetKey: $assetKey) { ... on AssetNode { id
    partitionKeyConnection(limit: 100, ascending: false) { results } } } }"""
_DEFINITION = """query AssetViewDefinitionQuery($assetKey: AssetKeyInput!) {
  assetOrError(assetKey: $assetKey) { ... on Asset { id key { path } hasDefinitionOrRecord
    assetMaterializations(limit: 1) { timestamp runId partition metadataEntries { label } }
    assetObservations(limit: 1) { timestamp runId partition }
    definition { id groupName isExecutable opVersion owners { ... on TeamAssetOwner { team } }
      partitionDefinition { description
        dimensionTypes { type dynamicPartitionsDefinitionName } }
      partitionKeysByDimension { name }
      backfillPolicy { description } repository { id name }
      dependencyKeys { path } dependedByKeys { path } jobNames } } } }"""
_LIVE = """query AssetGraphLiveQuery($assetKeys: [AssetKeyInput!]!) {
  assetNodes(assetKeys: $assetKeys, loadMaterializations: true) { id
    partitionStats { numMaterialized numMaterializing numPartitions numFailed }
    assetMaterializations(limit: 1) { timestamp runId } }
  assetsLatestInfo(assetKeys: $assetKeys) { id unstartedRunIds inProgressRunIds
    latestRun { id status } } }"""
_EVENTS = """query AssetPartitionEventsQuery($assetKey: AssetKeyInput!, $partitions: [String!]!) {
  assetNodeOrError(assetKey: $assetKey) { ... on AssetNode { id
    latestMaterializationByPartition(partitions: $partitions) { timestamp partition runId
      metadataEntries { label } } } } }"""


def fill_history(
    environment: dict[str, str],
    slugs: list[Any],
    first_day: date,
    days: int,
    asset: list[str],
    events: int,
) -> None:
    """Give Dagster the tenants and an asset its materializations."""
    order = {
        "slugs": slugs,
        "first_day": first_day.isoformat(),
        "days": days,
        "asset": asset,
        "events": events,
    }
    measure([sys.executable, "-m", "benchmarks.history", json.dumps(order)], environment)


@contextmanager
def serving(environment: dict[str, str]) -> Iterator[str]:
    """Code server and webserver of an installation; the webserver's address."""
    code_port, port = free_port(), free_port()
    settings = Settings(home=Path(environment["SYNKRO_HOME"]), code_server_port=code_port)
    inherited = child_environment(settings, environment["SYNKRO_DATABASE_URL"])
    whole = {**inherited, **environment, "SYNKRO_CODE_SERVER_PORT": str(code_port)}
    url = f"http://127.0.0.1:{port}"
    code_server = [
        "dagster", "code-server", "start", "-m", "synkro_assets.definitions",
        "-h", "127.0.0.1", "-p", str(code_port),
    ]  # fmt: skip
    workspace = str(PROJECT_ROOT / "workspace.yaml")
    webserver = ["dagster_webserver", "-h", "127.0.0.1", "-p", str(port), "-w", workspace]
    with tempfile.TemporaryFile() as log, ExitStack() as running:
        started = running.enter_context(_running(code_server, whole, log))
        await_port(code_port, started, _START_SECONDS)
        started = running.enter_context(_running(webserver, whole, log))
        await_answer(f"{url}/server_info", started, _START_SECONDS)
        yield url


@contextmanager
def _running(
    module: list[str], environment: dict[str, str], log: Any
) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-m", *module], env=environment, cwd=PROJECT_ROOT, stdout=log, stderr=log,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def page_seconds(url: str, asset: list[str], tenant: str) -> dict[str, float]:
    """What each query of an asset's page takes, one after the other."""
    key = {"path": asset}
    keys = _ask(url, _LATEST_PARTITIONS, assetKey=key)["assetNodeOrError"]
    shown = keys["partitionKeyConnection"]["results"]
    questions: list[tuple[str, dict[str, Any]]] = [
        (_DEFINITION, {"assetKey": key}),
        (_HEALTH, {"assetKey": key}),
        (_LATEST_PARTITIONS, {"assetKey": key}),
        (_EVENTS, {"assetKey": key, "partitions": shown}),
        (_LIVE, {"assetKeys": [key]}),
    ]
    return {
        query.split("(")[0].removeprefix("query "): _shortest(url, query, variables)
        for query, variables in questions
    }


def require_materialized(url: str, asset: list[str], partitions: int) -> None:
    """Raise unless the page shows the history it is measured with."""
    (node,) = _ask(url, _LIVE, assetKeys=[{"path": asset}])["assetNodes"]
    shown = node["partitionStats"]["numMaterialized"]
    if shown < partitions:
        raise AssertionError(f"the page shows {shown} of {partitions} partitions")


def _shortest(url: str, query: str, variables: dict[str, Any]) -> float:
    seconds = []
    for _ in range(_REPEATS):
        started = time.monotonic()
        _ask(url, query, **variables)
        seconds.append(time.monotonic() - started)
    return min(seconds)


def _ask(url: str, query: str, **variables: Any) -> dict[str, Any]:
    request = urllib.request.Request(
        f"{url}/graphql",
        data=json.dumps({"query": query, "variables": variables}).encode(),
        headers={"content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=120) as answer:
        found = json.load(answer)
    if "errors" in found:
        raise AssertionError(found["errors"])
    return dict(found["data"])
