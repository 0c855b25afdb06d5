"""An evening in Dagit: everything up, a day materialized from there, everything down."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from synkro_assets.storage.embedded_server import discard
from tests.journeys.processes import COMMAND, ROOT, environment, eventually, processes_of, synkro

LAUNCH = """
mutation($params: ExecutionParams!) { launchRun(executionParams: $params) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }
"""
STATUS = "query($id: ID!) { runOrError(runId: $id) { ... on Run { status tags { key value } } } }"
TENANT = "demo-motor"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Dagit:
    """The running webserver, asked over GraphQL as its own pages ask it."""

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

    def launch(self, job: str, day: str) -> str:
        tags = {"": f"{day}|{TENANT}", "/tenant": TENANT, "/business_day": day}
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

    def status(self, run_id: str) -> str:
        return str(self.ask(STATUS, id=run_id)["runOrError"]["status"])

    def tags(self, run_id: str) -> dict[str, str]:
        tags = self.ask(STATUS, id=run_id)["runOrError"]["tags"]
        return {tag["key"]: tag["value"] for tag in tags}


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "home"
    yield folder
    eventually(lambda: not processes_of(folder), 20, "nothing of the home runs on")
    discard(folder)


def test_a_day_materialized_from_dagit_is_reported_and_ctrl_c_leaves_nothing(home: Path) -> None:
    port, code_port = _free_port(), _free_port()
    log = home.parent / "up.log"
    with log.open("w") as output:
        up = subprocess.Popen(
            [*COMMAND, "up", "--demo", "--port", str(port)],
            env=environment(home, SYNKRO_CODE_SERVER_PORT=str(code_port)),
            cwd=ROOT,
            stderr=output,
            stdout=output,
        )
    try:
        eventually(lambda: "Dagit: http" in log.read_text() or up.poll() is not None, 120, "up")
        assert up.poll() is None, log.read_text()
        said = next(line for line in log.read_text().splitlines() if line.startswith("tenant "))
        dagit, day = Dagit(port), said.rsplit(" ", 1)[1]
        run_id = dagit.launch("daily_report_job", day)
        eventually(lambda: dagit.status(run_id) in {"SUCCESS", "FAILURE"}, 120, "the run ended")
        assert dagit.status(run_id) == "SUCCESS"
        assert dagit.tags(run_id)["synkro/tenant"] == TENANT
        _refuse_a_second(home, port, code_port)
    finally:
        up.send_signal(signal.SIGINT)
        up.wait(60)
    assert up.returncode == 0, log.read_text()


def _refuse_a_second(home: Path, port: int, code_port: int) -> None:
    second = synkro(home, "up", "--port", str(port), SYNKRO_CODE_SERVER_PORT=str(code_port))
    assert second.returncode == 2
    assert f"port {port} is in use" in second.stderr
