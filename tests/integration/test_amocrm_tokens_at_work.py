"""Tokens that end while processes are at work, and a process that is killed over them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from synkro_assets.domain.errors import OutcomeUnknown
from tests.integration.amocrm_connected import TOKEN, Connected
from tests.integration.command_line import PROGRAM
from tests.runs import run
from tests.stage import Scene
from tests.waiting import await_that


@pytest.fixture
def connected(scene: Scene) -> Connected:
    return Connected(scene)


@pytest.fixture
def started() -> Iterator[list[subprocess.Popen[bytes]]]:
    processes: list[subprocess.Popen[bytes]] = []
    yield processes
    for process in processes:
        process.kill()
        process.wait()


def checking(connected: Connected) -> subprocess.Popen[bytes]:
    platform = connected.scene.platform
    environment = {
        **os.environ,
        "SYNKRO_HOME": str(platform.home),
        "SYNKRO_DATABASE_URL": platform.database.url,
    }
    command = ["integrations", "check", connected.scene.tenant.slug, "amocrm"]
    return subprocess.Popen([sys.executable, "-c", PROGRAM, *command], env=environment)


def test_three_processes_at_once_make_one_request(
    connected: Connected, started: list[subprocess.Popen[bytes]]
) -> None:
    connected.save(access_token="e30.e30.stale")
    # Slow enough for all three to be there before the first one has its answer.
    connected.scene.simulators.break_requests(
        "amocrm", TOKEN, count=1, delay_seconds=3, headers={"x": "y"}
    )
    started += [checking(connected) for _ in range(3)]
    assert [process.wait(timeout=120) for process in started] == [0, 0, 0]
    assert [row["status"] for row in connected.token_requests()] == [200]


def test_a_killed_process_leaves_the_request_known(
    connected: Connected, started: list[subprocess.Popen[bytes]]
) -> None:
    connected.save(access_token="e30.e30.stale")
    connected.scene.simulators.break_requests("amocrm", TOKEN, count=1, delay_seconds=4)
    started.append(checking(connected))
    noted = "select fingerprint from app.token_requests"
    await_that(lambda: connected.scene.rows(noted), "the request is noted before it leaves")
    started[0].kill()
    started[0].wait()
    with pytest.raises(OutcomeUnknown, match="asks once more"):
        connected.account()
    assert len(connected.token_requests()) <= 1


def test_a_day_is_reported_though_its_token_ends_on_the_way(connected: Connected) -> None:
    connected.scene.simulators.break_requests("amocrm", "/api/v4/events", count=1, status=401)
    outcome = run(connected.scene)
    assert outcome.parts
    assert [row["status"] for row in connected.token_requests()] == [200]
    assert connected.held()["access_token"] != connected.pair["access_token"]
