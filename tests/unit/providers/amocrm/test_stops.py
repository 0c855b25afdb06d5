"""amoCRM refusing everything is told from one missing right, and stops the account."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest

from synkro_assets.domain.errors import AccountStopped, ProviderRefused
from synkro_assets.providers import amocrm

ACCOUNT = {"id": 1, "name": "Acme"}
NOON = datetime(2026, 3, 5, 12, tzinfo=UTC)


@pytest.fixture
def connect(surroundings):
    def connect(status_by_path):
        asked = []

        def answer(request):
            path = request.url.path.removeprefix("/api/v4/")
            asked.append(path)
            status = status_by_path.get(path, 200)
            return httpx.Response(status, json=ACCOUNT if status == 200 else {"title": "no"})

        public, secrets = {"base_url": "https://acme.amocrm.ru"}, {"long_lived_token": "token"}
        transport = httpx.MockTransport(answer)
        client = amocrm.client(public, secrets, transport=transport, **surroundings.given())
        return client, asked

    return connect


def test_a_missing_right_stops_nothing(connect, surroundings):
    client, asked = connect({"users": 403})
    with pytest.raises(ProviderRefused, match=r"no rights for this.*\(asked for users\)"):
        client.users()
    assert asked == ["users", "account"]
    assert surroundings.limiter.stops == []


@pytest.mark.parametrize("of_account", [403, 402])
def test_when_the_account_is_refused_too_it_is_stopped(connect, surroundings, of_account):
    client, asked = connect({"users": 403, "account": of_account})
    with pytest.raises(AccountStopped):
        client.users()
    assert asked == ["users", "account"]
    assert [status for _, status in surroundings.limiter.stops] == [of_account]


def test_a_refused_account_is_not_asked_twice(connect, surroundings):
    client, asked = connect({"account": 403})
    with pytest.raises(AccountStopped, match="refuses every request"):
        client.account()
    assert asked == ["account"]


def test_an_unpaid_account_is_stopped_at_once(connect, surroundings):
    client, asked = connect({"users": 402})
    with pytest.raises(AccountStopped, match="not paid"):
        client.users()
    assert asked == ["users"]


def test_an_account_that_is_only_unwell_is_not_stopped(connect, surroundings):
    client, _ = connect({"users": 403, "account": 503})
    with pytest.raises(ProviderRefused):
        client.users()
    assert surroundings.limiter.stops == []


def test_every_answer_says_that_the_account_works(connect, surroundings):
    client, _ = connect({})
    client.account()
    assert surroundings.limiter.resumed == 1


def test_an_account_that_was_stopped_meanwhile_is_no_missing_right(
    connect, surroundings, monkeypatch
):
    client, asked = connect({"users": 403})
    stopped = AccountStopped("amoCRM", "refuses every request", until=NOON)
    acquire = surroundings.limiter.acquire

    def let_one_go(rates):
        if asked:
            raise stopped
        acquire(rates)

    monkeypatch.setattr(surroundings.limiter, "acquire", let_one_go)
    with pytest.raises(AccountStopped, match="refuses every request"):
        client.users()
    assert asked == ["users"]
