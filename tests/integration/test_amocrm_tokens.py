"""amoCRM's tokens are renewed once however many ask, and never asked for blindly."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from synkro_assets.domain.errors import (
    OutcomeUnknown,
    ProviderRefused,
    ProviderUnavailable,
    RateLimited,
    TokenExpired,
    UsageProblem,
)
from synkro_assets.operations.amocrm_connection import (
    connect,
    consent_address,
    tenant_of_state,
)
from tests.databases import as_owner
from tests.integration.amocrm_connected import TOKEN, Connected
from tests.stage import Scene


@pytest.fixture
def connected(scene: Scene) -> Connected:
    return Connected(scene)


def lose_tokens(scene: Scene, **action: Any) -> None:
    scene.simulators.break_requests("amocrm", TOKEN, **action)


def test_a_token_that_ends_soon_is_renewed_before_it_is_used(connected: Connected) -> None:
    connected.save(expires_in=290)
    before = connected.held()
    assert connected.account()["id"]
    after = connected.held()
    assert len(connected.token_requests()) == 1
    assert after["access_token"] != before["access_token"]
    assert after["refresh_token"] != before["refresh_token"]
    left = datetime.fromisoformat(after["expires_at"]) - connected.now
    assert left == timedelta(days=1)
    assert connected.account()["id"]
    assert len(connected.token_requests()) == 1


def test_a_refused_token_is_renewed_once_and_the_request_repeated(connected: Connected) -> None:
    connected.save(access_token="e30.e30.stale")
    assert connected.account()["id"]
    assert len(connected.token_requests()) == 1


def test_eight_workers_at_once_make_one_request(connected: Connected) -> None:
    connected.save(access_token="e30.e30.stale")
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: connected.account()["id"], range(8)))
    assert len(set(found)) == 1
    assert len(connected.token_requests()) == 1


def test_a_lost_answer_ends_in_one_later_request_and_one_alert(connected: Connected) -> None:
    connected.save(expires_in=0)
    lose_tokens(connected.scene, count=1, drop_after_commit=True)
    run = uuid4()
    with pytest.raises(OutcomeUnknown):
        connected.account(run)
    for later in (1, 30):
        with pytest.raises(OutcomeUnknown):
            connected.account(run, minutes=later)
    assert len(connected.token_requests()) == 1
    for number in range(10):
        with pytest.raises(TokenExpired):
            connected.account(uuid4(), minutes=30 + number)
    assert len(connected.token_requests()) == 2
    assert connected.held()["status"] == "error"
    assert connected.held()["last_error"].startswith("reconnect amoCRM")
    assert len(connected.scene.chat()) == 1


def test_a_request_lost_on_the_way_is_made_up_for_later(connected: Connected) -> None:
    connected.save(expires_in=0)
    lose_tokens(connected.scene, count=1, drop_before=True)
    with pytest.raises(OutcomeUnknown):
        connected.account()
    assert connected.account(minutes=6)["id"]
    assert connected.scene.chat() == []


@pytest.mark.parametrize(
    "action",
    [
        {"status": 200, "body": "<html>busy</html>"},
        {"status": 200, "body": {"token_type": "Bearer"}},
        {"status": 503, "body": ""},
        {"close_mid_body": True},
    ],
)
def test_an_answer_that_cannot_be_read_is_a_lost_one(
    connected: Connected, action: dict[str, Any]
) -> None:
    connected.save(expires_in=0)
    lose_tokens(connected.scene, count=1, **action)
    for _ in range(2):
        with pytest.raises(OutcomeUnknown):
            connected.account()
    assert len(connected.token_requests()) == 1


def test_an_address_where_nobody_listens_spends_nothing(connected: Connected) -> None:
    connected.save(expires_in=0, base_url="http://127.0.0.1:9")
    for _ in range(3):
        with pytest.raises(ProviderUnavailable):
            connected.account()
    assert connected.scene.rows("select 1 as found from app.token_requests") == []


def test_too_many_requests_spend_nothing(connected: Connected) -> None:
    connected.save(expires_in=0)
    lose_tokens(connected.scene, count=1, status=429, headers={"retry-after": "0"})
    with pytest.raises(RateLimited):
        connected.account()
    assert connected.account()["id"]
    assert connected.scene.chat() == []


def test_a_spent_token_works_again_once_it_is_connected(connected: Connected) -> None:
    connected.save(expires_in=0, refresh_token="def502.spent")
    for _ in range(3):
        with pytest.raises(TokenExpired, match="connect amoCRM again"):
            connected.account()
    assert len(connected.token_requests()) == 1
    connect(connected.platform(), connected.scene.tenant, connected.code)
    assert connected.held()["status"] == "unchecked"
    assert connected.account()["id"]


def test_a_used_code_is_refused_and_costs_the_tokens_nothing(connected: Connected) -> None:
    connect(connected.platform(), connected.scene.tenant, connected.code)
    before = connected.held()
    with pytest.raises(ProviderRefused, match="refuses the code"):
        connect(connected.platform(), connected.scene.tenant, connected.code)
    assert connected.held() == before


def test_the_state_names_its_tenant_until_it_is_too_old(connected: Connected) -> None:
    address = consent_address(connected.platform(), connected.scene.tenant)
    state = dict(part.split("=") for part in address.partition("?")[2].split("&"))["state"]
    plain = state.replace("%3D", "=")
    found = tenant_of_state(connected.platform(minutes=39), plain)
    assert found == connected.scene.tenant.tenant_id
    for platform, value in ((connected.platform(hours=1), plain), (connected.platform(), "x.y")):
        with pytest.raises(UsageProblem, match="connect amoCRM again"):
            tenant_of_state(platform, value)


def test_an_account_that_moved_is_followed(connected: Connected) -> None:
    host = connected.scene.simulators.url.removeprefix("http://")
    port = host.rpartition(":")[2]
    connected.scene.simulators.switch(amocrm_moved_to=f"localhost:{port}")
    assert connected.account()["id"]
    assert connected.held()["base_url"] == (
        f"http://localhost:{port}/amocrm/accounts/{connected.scene.tenant.slug}"
    )
    assert [row["status"] for row in connected.token_requests()] == [401, 200]


def test_renewing_leaves_a_record_and_no_secret(connected: Connected) -> None:
    connected.save(expires_in=0)
    connected.account()
    connected.scene.platform.log_rows.close()
    held = connected.held()
    secrets = [held[n] for n in ("access_token", "refresh_token", "client_secret")]
    secrets += [connected.pair[n] for n in ("access_token", "refresh_token")]
    with as_owner(connected.scene.platform.database) as connection:
        (logs,) = connection.execute(
            "select string_agg(l::text, ' ') as told from public.integration_logs as l"
        ).fetchall()
        (audit,) = connection.execute(
            "select count(*) as count from app.audit_logs where action = 'secrets.refreshed'"
        ).fetchall()
    assert "token" in logs["told"]
    assert not [each for each in secrets if each in logs["told"]]
    assert audit["count"] == 1
