"""Dagit as its own pages use it: over GraphQL, with nothing of the product called.

What lives here: launching, looking at runs, backfills and asset pages. Which process serves it is
``evening``.
"""

from __future__ import annotations

import json
import re
import urllib.request
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

LAUNCH = """
mutation($params: ExecutionParams!) { launchRun(executionParams: $params) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }
"""
RUN = """
query($id: ID!) { runOrError(runId: $id) { ... on Run {
  status tags { key value } eventConnection(limit: 200) { events { ... on MessageEvent { message } }
} } } }
"""
RUNS = """
query($tags: [ExecutionTag!]) { runsOrError(filter: { tags: $tags }) { ... on Runs { results {
  runId jobName status parentRunId } } } }
"""
BACKFILL = """
mutation($params: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $params) {
  __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }
"""
BACKFILL_STATUS = """
query($id: String!) { partitionBackfillOrError(backfillId: $id) {
  ... on PartitionBackfill { status error { message } } } }
"""
TERMINATE = """
mutation($id: String!) { terminateRun(runId: $id) { __typename } }
"""
TENANTS = """
query($key: AssetKeyInput!) { assetNodeOrError(assetKey: $key) { ... on AssetNode {
  partitionKeysByDimension { name partitionKeys } } } }
"""
ASSET_PAGES = """
query { assetNodes { assetKey { path } dependencyKeys { path } isMaterializable
  assetPartitionStatuses {
  ... on MultiPartitionStatuses { ranges { primaryDimStartKey primaryDimEndKey secondaryDim {
    ... on DefaultPartitionStatuses { materializedPartitions failedPartitions
      materializingPartitions } } } } } } }
"""
ENDED = {"SUCCESS", "FAILURE", "CANCELED"}
BACKFILL_ENDED = {"COMPLETED", "COMPLETED_SUCCESS", "COMPLETED_FAILED", "FAILED", "CANCELED"}


class Dagit:
    """The running webserver."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        request = urllib.request.Request(
            f"{self.url}/graphql",
            data=json.dumps({"query": query, "variables": variables}).encode(),
            headers={"content-type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            found = json.load(answer)
        assert "errors" not in found, found
        return dict(found["data"])

    def launch(self, job: str, tenant: str, day: date) -> str:
        """Materialize a tenant's day; returns the run's id."""
        tags = {"": f"{day}|{tenant}", "/tenant": tenant, "/business_day": day.isoformat()}
        launched = self.ask(
            LAUNCH,
            params={
                "selector": {
                    "repositoryLocationName": "synkro",
                    "repositoryName": "__repository__",
                    "pipelineName": job,
                },
                "runConfigData": {},
                "mode": "default",
                "executionMetadata": {
                    "tags": [{"key": f"dagster/partition{k}", "value": v} for k, v in tags.items()]
                },
            },
        )["launchRun"]
        assert launched["__typename"] == "LaunchRunSuccess", launched
        return str(launched["run"]["runId"])

    def terminate(self, run_id: str) -> None:
        answer = self.ask(TERMINATE, id=run_id)["terminateRun"]
        assert answer["__typename"] == "TerminateRunSuccess", answer

    def status(self, run_id: str) -> str:
        return str(self.ask(RUN, id=run_id)["runOrError"]["status"])

    def has_ended(self, run_id: str) -> bool:
        return self.status(run_id) in ENDED

    def tags(self, run_id: str) -> dict[str, str]:
        tags = self.ask(RUN, id=run_id)["runOrError"]["tags"]
        return {tag["key"]: tag["value"] for tag in tags}

    def worker(self, run_id: str) -> int:
        """The process that works on a run, as the run's own log says."""
        events = self.ask(RUN, id=run_id)["runOrError"]["eventConnection"]["events"]
        said = " ".join(event.get("message") or "" for event in events)
        (found,) = set(re.findall(r"\(pid: (\d+)\)", said))
        return int(found)

    def runs(self, **tags: str) -> list[dict[str, str]]:
        """The runs with these tags, newest first; in a tag's name ``__`` stands for a slash."""
        asked = [{"key": key.replace("__", "/"), "value": value} for key, value in tags.items()]
        return list(self.ask(RUNS, tags=asked)["runsOrError"]["results"])

    def backfill(self, tenant: str, days: Sequence[date]) -> str:
        """Materialize all but delivery and export for some days, as the backfill page does."""
        keys = [{"path": path} for path in self._assets()]
        names = [f"{day}|{tenant}" for day in days]
        params = {"assetSelection": keys, "partitionNames": names}
        launched = self.ask(BACKFILL, params=params)["launchPartitionBackfill"]
        assert launched["__typename"] == "LaunchBackfillSuccess", launched
        return str(launched["backfillId"])

    def backfill_has_ended(self, backfill_id: str) -> bool:
        found = self.ask(BACKFILL_STATUS, id=backfill_id)["partitionBackfillOrError"]
        assert found["error"] is None, found
        return found["status"] in BACKFILL_ENDED

    def tenants(self) -> list[str]:
        """The tenants that the page of an asset offers."""
        key = {"path": ["reports", "daily_report"]}
        found = self.ask(TENANTS, key=key)["assetNodeOrError"]["partitionKeysByDimension"]
        return next(each["partitionKeys"] for each in found if each["name"] == "tenant")

    def asset_pages(self, tenant: str, days: Sequence[date]) -> dict[str, dict[date, str]]:
        """By asset and day what its page shows of a tenant: materialized, failed or missing."""
        pages: dict[str, dict[date, str]] = defaultdict(lambda: dict.fromkeys(days, "missing"))
        for node in self._nodes():
            page = pages["/".join(node["assetKey"]["path"])]
            for part in node["assetPartitionStatuses"]["ranges"]:
                first, last = part["primaryDimStartKey"], part["primaryDimEndKey"]
                for state in ("materialized", "failed", "materializing"):
                    if tenant in (part["secondaryDim"].get(f"{state}Partitions") or []):
                        page.update({day: state for day in days if first <= f"{day}" <= last})
        return dict(pages)

    def downstream(self, source: str) -> set[str]:
        """Every asset that reads, near or far, what lies under a prefix."""
        reads = {
            "/".join(node["assetKey"]["path"]): {
                "/".join(key["path"]) for key in node["dependencyKeys"]
            }
            for node in self._nodes()
        }
        found = {name for name in reads if name.startswith(source)}
        roots = {name for name in found if not reads[name] & found}
        while more := {name for name, read in reads.items() if read & found} - found:
            found |= more
        return found - roots

    def _nodes(self) -> list[dict[str, Any]]:
        return [
            node
            for node in self.ask(ASSET_PAGES)["assetNodes"]
            if node["isMaterializable"]
            and node["assetKey"]["path"][0] not in ("delivery", "export")
        ]

    def _assets(self) -> list[list[str]]:
        return [node["assetKey"]["path"] for node in self._nodes()]


def days_from(first: date, count: int) -> list[date]:
    return [first + timedelta(days=number) for number in range(count)]
