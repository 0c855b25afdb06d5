"""A whole sync at the provider's limit: as fast as allowed, and not one request too many."""

from __future__ import annotations

import multiprocessing
from datetime import datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest

from synkro_assets.operations.platform import SystemClock
from synkro_assets.providers import amocrm, radist
from synkro_assets.storage.database import Database
from synkro_assets.storage.request_slots import RequestSlots, account_key
from tests.stage import Scene

PER_SECOND = 7
REQUESTS = 60


class NoLog:
    """Exchanges are counted where they arrive."""

    def record(self, exchange: object) -> None:
        """Nothing to keep."""


def ask_often(url: str, tenant_id: UUID, integration: dict[str, Any], requests: int) -> None:
    """One process's work: asks the account again and again."""
    base_url = integration["base_url"]
    key = account_key("amocrm", base_url)
    clock = SystemClock()
    limiter = RequestSlots(Database(url), tenant_id, key, provider="amoCRM", clock=clock)
    public = {"base_url": base_url, "requests_per_second": PER_SECOND}
    secrets = {"long_lived_token": integration["long_lived_token"]}
    with amocrm.client(public, secrets, limiter=limiter, log=NoLog(), clock=clock) as client:
        for _ in range(requests):
            client.account()


@pytest.mark.parametrize("processes", [1, 2])
def test_a_sync_keeps_the_limit_and_takes_no_longer_than_it_must(
    scene: Scene, processes: int
) -> None:
    scene.simulators.ask("POST", "limits", {"enabled": True, "amocrm_per_second": PER_SECOND})
    share = REQUESTS // processes
    url, tenant_id = scene.platform.database.url, scene.tenant.tenant_id
    given = (url, tenant_id, scene.integrations["amocrm"], share)
    fresh = multiprocessing.get_context("spawn")
    workers = [fresh.Process(target=ask_often, args=given) for _ in range(processes)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=120)
    assert [worker.exitcode for worker in workers] == [0] * processes
    log = scene.simulators.ask("GET", "log?provider=amocrm&limit=1000")
    summary = log["summary"]["amocrm"]
    assert summary["statuses"] == {"200": REQUESTS}
    assert summary["max_in_any_second"] <= PER_SECOND
    assert took(log["requests"]) <= 1.05 * REQUESTS / PER_SECOND


def ask_radist(url: str, tenant_id: UUID, integration: dict[str, Any], rounds: int) -> None:
    """One process's work: asks for chats, which are slow, between questions that are not."""
    account = account_key("radist", integration["base_url"], integration["company_id"])
    clock = SystemClock()
    limiter = RequestSlots(Database(url), tenant_id, account, provider="Radist", clock=clock)
    public = {key: integration[key] for key in ("base_url", "company_id")}
    secrets = {"api_key": integration["api_key"]}
    with radist.client(public, secrets, limiter=limiter, log=NoLog(), clock=clock) as client:
        for _ in range(rounds):
            client.chat_sources()
            for _ in range(3):
                client.connections()


def test_two_processes_ask_for_chats_a_second_apart_and_keep_the_limit_of_all(
    scene: Scene,
) -> None:
    scene.simulators.ask("POST", "limits", {"enabled": True})
    rounds = 5
    url, tenant_id = scene.platform.database.url, scene.tenant.tenant_id
    given = (url, tenant_id, scene.integrations["radist"], rounds)
    at_work = multiprocessing.get_context("spawn")
    workers = [at_work.Process(target=ask_radist, args=given) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=120)
    assert [worker.exitcode for worker in workers] == [0, 0]
    log = scene.simulators.ask("GET", "log?provider=radist&limit=1000")
    assert log["summary"]["radist"]["statuses"] == {"200": 2 * 4 * rounds}
    assert log["summary"]["radist"]["max_in_any_second"] <= 5
    slow = [moment(each) for each in log["requests"] if "/chats/" in each["path"]]
    assert len(slow) == 2 * rounds
    assert min(later - earlier for earlier, later in pairwise(sorted(slow))) >= 1


def took(requests: list[dict[str, Any]]) -> float:
    """Seconds from the first request's arrival to the last one's."""

    moments = [moment(each) for each in requests]
    return max(moments) - min(moments)


def moment(request: dict[str, Any]) -> float:
    """When a request arrived."""
    return datetime.fromisoformat(request["started_at"]).timestamp()
