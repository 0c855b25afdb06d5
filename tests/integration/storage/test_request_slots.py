"""Pacing over a shared row: any number of workers together keep an account's rate."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from synkro_assets.domain.errors import AccountStopped, RateLimited
from synkro_assets.domain.tenant import Tenant
from synkro_assets.operations.platform import SystemClock
from synkro_assets.storage.database import Database
from synkro_assets.storage.request_slots import RequestSlots, account_key

RATE = 20.0
NOON = datetime(2026, 3, 5, 12, tzinfo=UTC)
ACCOUNT = account_key("radist", "https://api.radist.online/v2", 1)


@dataclass
class FakeClock:
    """A clock that a test moves on."""

    time: datetime = NOON

    def now(self) -> datetime:
        return self.time


def slots(
    database: Database,
    tenant: Tenant,
    account: str = ACCOUNT,
    sleep: Callable[[float], None] = time.sleep,
    **options: Any,
) -> RequestSlots:
    """Slots as a client is given them."""
    given = {"provider": "radist", "clock": SystemClock(), **options}
    return RequestSlots(database, tenant.tenant_id, account, sleep, **given)


def collect(workers: list[RequestSlots], requests: int) -> list[float]:
    """When each of several workers was let through, all of them together."""
    moments: list[float] = []
    failures: list[Exception] = []

    def work(worker: RequestSlots) -> None:
        try:
            for _ in range(requests):
                worker.acquire({"all": RATE})
                moments.append(time.monotonic())
        except Exception as failure:
            failures.append(failure)

    threads = [threading.Thread(target=work, args=[worker]) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    return sorted(moments)


def test_workers_together_keep_the_rate(database: Database, tenant: Tenant) -> None:
    workers = [slots(database, tenant, ACCOUNT) for _ in range(4)]
    moments = collect(workers, requests=8)
    assert len(moments) == 32
    busiest = max(sum(0 <= later - moment < 1 for later in moments) for moment in moments)
    assert busiest <= RATE
    assert moments[-1] - moments[0] <= 1.05 * 32 / RATE + 0.5


def test_threads_of_one_worker_keep_the_rate_too(database: Database, tenant: Tenant) -> None:
    worker = slots(database, tenant, ACCOUNT)
    moments = collect([worker] * 4, requests=8)
    assert len(moments) == 32
    busiest = max(sum(0 <= later - moment < 1 for later in moments) for moment in moments)
    assert busiest <= RATE
    assert moments[-1] - moments[0] <= 1.05 * 32 / RATE + 0.5


def test_a_fast_account_is_asked_more_often_than_the_database(
    database: Database, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker, statements = slots(database, tenant, ACCOUNT), []
    asked = RequestSlots._asked

    def counted(*given: Any, **named: Any) -> Any:
        statements.append(given)
        return asked(*given, **named)

    for _ in range(2):
        worker.acquire({"all": 1000.0})
    monkeypatch.setattr(RequestSlots, "_asked", counted)
    for _ in range(100):
        worker.acquire({"all": 1000.0})
    assert len(statements) < 50


def test_slots_are_even_even_when_nobody_sleeps(database: Database, tenant: Tenant) -> None:
    waits: list[float] = []
    worker = slots(database, tenant, ACCOUNT, waits.append)
    for _ in range(5):
        worker.acquire({"chats": 0.1})
    assert all(later - earlier > 9 for earlier, later in pairwise(waits))


@pytest.mark.parametrize("other", ["bucket", "provider", "company", "host"])
def test_accounts_do_not_wait_for_each_other(
    database: Database, tenant: Tenant, other: str
) -> None:
    waits: list[float] = []
    slots(database, tenant, ACCOUNT).penalize("all", 60)
    provider = "amocrm" if other == "provider" else "radist"
    host = "eu.radist.online" if other == "host" else "api.radist.online"
    account = account_key(provider, f"https://{host}/v2", 2 if other == "company" else 1)
    account = ACCOUNT if other == "bucket" else account
    bucket = "chats" if other == "bucket" else "all"
    slots(database, tenant, account, waits.append).acquire({bucket: RATE})
    assert waits == []


def test_tenants_of_one_account_share_its_limit(
    database: Database, tenant: Tenant, neighbour: Tenant
) -> None:
    waits: list[float] = []
    slots(database, tenant, ACCOUNT).penalize("all", 30)
    slots(database, neighbour, ACCOUNT, waits.append).acquire({"all": RATE})
    assert 25 < waits[0] <= 30


def test_after_a_penalty_every_worker_goes_at_half_the_rate(
    database: Database, tenant: Tenant
) -> None:
    waits: list[float] = []
    for _ in range(3):
        slots(database, tenant, ACCOUNT).penalize("all", 1)
    worker = slots(database, tenant, ACCOUNT, waits.append)
    for _ in range(3):
        worker.acquire({"all": 0.1})
    assert all(20 < later - earlier < 22 for earlier, later in pairwise(waits))


def test_a_pause_too_long_to_sleep_through_is_told_to_every_worker(
    database: Database, tenant: Tenant
) -> None:
    waits: list[float] = []
    slots(database, tenant).penalize("all", 300)
    with pytest.raises(RateLimited) as caught:
        slots(database, tenant, ACCOUNT, waits.append).acquire({"all": RATE})
    assert 290 < (caught.value.retry_after or 0) <= 300
    assert waits == []


def test_who_slept_waits_again_when_another_was_refused_meanwhile(
    database: Database, tenant: Tenant
) -> None:
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        if not waits:
            slots(database, tenant).penalize("all", 30)
        waits.append(seconds)

    worker = slots(database, tenant, ACCOUNT, sleep)
    worker.acquire({"all": 0.5})
    worker.acquire({"all": 0.5})
    assert len(waits) == 2
    assert 25 < waits[1] <= 30


@pytest.mark.parametrize(("times", "pause"), [(1, 15), (2, 60), (3, 360), (4, 360)])
def test_each_stop_in_a_row_lasts_longer(
    database: Database, tenant: Tenant, times: int, pause: int
) -> None:
    clock = FakeClock()
    for _ in range(times):
        stopped = slots(database, tenant, clock=clock).stop("it refuses everything", 403)
        began, clock.time = clock.time, stopped.until
    assert stopped.until - began == timedelta(minutes=pause)


def test_a_stopped_account_is_asked_by_no_worker_before_its_time(
    database: Database, tenant: Tenant, neighbour: Tenant
) -> None:
    clock = FakeClock()
    slots(database, tenant, clock=clock).stop("it refuses everything", 403)
    for later in (0, 899):
        clock.time = NOON + timedelta(seconds=later)
        with pytest.raises(AccountStopped, match=r"tried again at 12:15 UTC on 2026-03-05"):
            slots(database, neighbour, clock=clock).acquire({"all": RATE})
    slots(database, tenant, clock=clock, ignores_stop=True).acquire({"all": RATE})
    other = account_key("amocrm", "https://other.amocrm.ru")
    slots(database, tenant, other, clock=clock).acquire({"all": RATE})
    clock.time = NOON + timedelta(minutes=15)
    slots(database, tenant, clock=clock).acquire({"all": RATE})


def test_who_slept_does_not_ask_an_account_that_was_stopped_meanwhile(
    database: Database, tenant: Tenant
) -> None:
    clock = FakeClock()

    def sleep(_: float) -> None:
        slots(database, tenant, clock=clock).stop("it refuses everything", 403)

    worker = slots(database, tenant, ACCOUNT, sleep, clock=clock)
    worker.acquire({"all": 0.5})
    with pytest.raises(AccountStopped):
        worker.acquire({"all": 0.5})


def test_a_refusal_during_a_stop_does_not_lengthen_it(database: Database, tenant: Tenant) -> None:
    clock = FakeClock()
    first = slots(database, tenant, clock=clock).stop("it refuses everything", 403)
    clock.time = NOON + timedelta(minutes=5)
    again = slots(database, tenant, clock=clock).stop("it refuses everything", 403)
    assert again.until == first.until


def test_an_answer_ends_the_stop_and_makes_the_next_one_short(
    database: Database, tenant: Tenant
) -> None:
    clock = FakeClock()
    slots(database, tenant, clock=clock).stop("it refuses everything", 403)
    looking = slots(database, tenant, clock=clock, ignores_stop=True)
    looking.acquire({"all": RATE})
    looking.resume()
    worker = slots(database, tenant, clock=clock)
    worker.acquire({"all": RATE})
    assert worker.stop("it refuses everything", 403).until == NOON + timedelta(minutes=15)


@pytest.mark.parametrize(
    "other", ["https://a.amocrm.ru/", "https://A.amocrm.ru", "http://a.amocrm.ru"]
)
def test_an_address_names_its_account_however_it_is_written(other: str) -> None:
    assert account_key("amocrm", other) == account_key("amocrm", "https://a.amocrm.ru")


def test_accounts_on_one_host_are_told_apart_by_path() -> None:
    assert account_key("amocrm", "http://host:1/a") != account_key("amocrm", "http://host:1/b")


def test_a_penalty_keeps_every_worker_off(database: Database, tenant: Tenant) -> None:
    waits: list[float] = []
    slots(database, tenant, ACCOUNT).penalize("all", 30)
    slots(database, tenant, ACCOUNT).penalize("all", 1)
    slots(database, tenant, ACCOUNT, waits.append).acquire({"all": RATE})
    assert 25 < waits[0] <= 30


def test_what_others_did_to_the_account_is_seen_by_a_worker_in_the_middle_of_its_work(
    database: Database, tenant: Tenant
) -> None:
    waits: list[float] = []
    worker, other = slots(database, tenant, ACCOUNT, waits.append), slots(database, tenant, ACCOUNT)
    # So slow that no moment is taken ahead.
    for _ in range(2):
        worker.acquire({"all": 50.0})
    other.penalize("all", 2)
    waits.clear()
    worker.acquire({"all": 50.0})
    assert 1 < waits[0] <= 2
    other.stop("refuses every request", 403)
    with pytest.raises(AccountStopped):
        worker.acquire({"all": 50.0})


def test_a_refusal_costs_the_moments_that_were_taken_ahead(
    database: Database, tenant: Tenant
) -> None:
    waits: list[float] = []
    worker = slots(database, tenant, ACCOUNT, waits.append)
    for _ in range(3):
        worker.acquire({"all": 1000.0})
    worker.penalize("all", 2)
    waits.clear()
    worker.acquire({"all": 1000.0})
    assert 1 < waits[0] <= 2


def test_the_second_request_waits_no_longer_than_the_first_one_took(
    database: Database, tenant: Tenant
) -> None:
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        time.sleep(seconds)

    worker = slots(database, tenant, ACCOUNT, sleep)
    worker.acquire({"all": 1000.0})
    worker.acquire({"all": 1000.0})
    # At most the distance of two requests: the first has arrived long before.
    assert sum(waits) < 0.05


def test_a_worker_that_is_alone_with_an_account_locks_it_only_once(
    database: Database, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker, locked = slots(database, tenant, ACCOUNT), []
    reserve = RequestSlots._reserve

    def counted(*given: Any, **named: Any) -> Any:
        locked.append(given)
        return reserve(*given, **named)

    monkeypatch.setattr(RequestSlots, "_reserve", counted)
    for _ in range(5):
        worker.acquire({"all": 50.0})
    # The second request settles what opening the connection took.
    assert len(locked) == 2
    slots(database, tenant, ACCOUNT).acquire({"all": 50.0})
    worker.acquire({"all": 50.0})
    assert len(locked) == 4
