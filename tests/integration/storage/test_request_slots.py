"""Pacing over a shared row: any number of workers together keep an account's rate."""

import threading
import time
from itertools import pairwise

import pytest

from synkro_assets.domain.tenant import Tenant
from synkro_assets.storage.database import Database
from synkro_assets.storage.request_slots import RequestSlots, account_key

RATE = 20.0
ACCOUNT = account_key("radist", "https://api.radist.online/v2", 1)


def collect(slots: list[RequestSlots], requests: int) -> list[float]:
    """When each of several workers was let through, all of them together."""
    moments: list[float] = []
    failures: list[Exception] = []

    def work(worker: RequestSlots) -> None:
        try:
            for _ in range(requests):
                worker.acquire("all", RATE)
                moments.append(time.monotonic())
        except Exception as failure:
            failures.append(failure)

    threads = [threading.Thread(target=work, args=[worker]) for worker in slots]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    return sorted(moments)


def test_workers_together_keep_the_rate(database: Database, tenant: Tenant) -> None:
    workers = [RequestSlots(database, tenant.tenant_id, ACCOUNT) for _ in range(4)]
    moments = collect(workers, requests=8)
    assert len(moments) == 32
    busiest = max(sum(0 <= later - moment < 1 for later in moments) for moment in moments)
    assert busiest <= RATE
    assert moments[-1] - moments[0] >= 31 / RATE


def test_slots_are_even_even_when_nobody_sleeps(database: Database, tenant: Tenant) -> None:
    waits: list[float] = []
    worker = RequestSlots(database, tenant.tenant_id, ACCOUNT, waits.append)
    for _ in range(5):
        worker.acquire("chats", 0.1)
    assert all(later - earlier > 9 for earlier, later in pairwise(waits))


@pytest.mark.parametrize("other", ["bucket", "provider", "company", "host"])
def test_accounts_do_not_wait_for_each_other(
    database: Database, tenant: Tenant, other: str
) -> None:
    waits: list[float] = []
    RequestSlots(database, tenant.tenant_id, ACCOUNT).penalize("all", 60)
    provider = "amocrm" if other == "provider" else "radist"
    host = "eu.radist.online" if other == "host" else "api.radist.online"
    account = account_key(provider, f"https://{host}/v2", 2 if other == "company" else 1)
    account = ACCOUNT if other == "bucket" else account
    bucket = "chats" if other == "bucket" else "all"
    RequestSlots(database, tenant.tenant_id, account, waits.append).acquire(bucket, RATE)
    assert waits == []


def test_tenants_of_one_account_share_its_limit(
    database: Database, tenant: Tenant, neighbour: Tenant
) -> None:
    waits: list[float] = []
    RequestSlots(database, tenant.tenant_id, ACCOUNT).penalize("all", 30)
    RequestSlots(database, neighbour.tenant_id, ACCOUNT, waits.append).acquire("all", RATE)
    assert 25 < waits[0] <= 30


def test_after_a_penalty_every_worker_goes_at_half_the_rate(
    database: Database, tenant: Tenant
) -> None:
    waits: list[float] = []
    for _ in range(3):
        RequestSlots(database, tenant.tenant_id, ACCOUNT).penalize("all", 1)
    worker = RequestSlots(database, tenant.tenant_id, ACCOUNT, waits.append)
    for _ in range(3):
        worker.acquire("all", 0.1)
    assert all(20 < later - earlier < 22 for earlier, later in pairwise(waits))


def test_a_penalty_keeps_every_worker_off(database: Database, tenant: Tenant) -> None:
    waits: list[float] = []
    RequestSlots(database, tenant.tenant_id, ACCOUNT).penalize("all", 30)
    RequestSlots(database, tenant.tenant_id, ACCOUNT).penalize("all", 1)
    RequestSlots(database, tenant.tenant_id, ACCOUNT, waits.append).acquire("all", RATE)
    assert 25 < waits[0] <= 30
