"""amoCRM refuses everything while tokens are asked for, or somebody saves others meanwhile."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.fernet import Fernet

from synkro_assets.domain.errors import AccountStopped, TokenExpired, UsageProblem
from synkro_assets.ingestion.amocrm import fetch_day
from synkro_assets.operations import integration_settings, key_rotation
from synkro_assets.operations.amocrm_connection import connect
from synkro_assets.operations.amocrm_tokens import tenant_tokens
from synkro_assets.operations.provider_clients import amocrm_client, limiter_of
from synkro_assets.storage.key_ring import KEY_FILE, KeyRing
from tests.integration.amocrm_connected import TOKEN, Connected
from tests.integration.test_stopped_account import asked, ban
from tests.stage import Scene, set_scene
from tests.waiting import await_that


@pytest.fixture
def connected(scene: Scene) -> Connected:
    return Connected(scene)


def noted(connected: Connected) -> list[dict[str, Any]]:
    """What is kept of requests for tokens whose outcome is open or bad."""
    return connected.scene.rows("select fingerprint, refused_at from app.token_requests")


def statuses(connected: Connected) -> list[int]:
    return [row["status"] for row in connected.token_requests()]


def test_a_ban_costs_the_refresh_token_nothing(connected: Connected) -> None:
    connected.save(expires_in=0)
    ban(connected.scene)
    with pytest.raises(AccountStopped, match="refuses every request"):
        connected.account()
    requests = asked(connected.scene)
    with pytest.raises(AccountStopped, match="tried again at"):
        connected.account(minutes=14)
    assert asked(connected.scene) == requests
    assert noted(connected) == []
    connected.scene.simulators.calm()
    connected.scene.simulators.ask("DELETE", "log")
    assert connected.account(minutes=15)["id"]
    assert statuses(connected) == [200]
    assert connected.scene.chat() == []


def test_an_unpaid_account_costs_the_refresh_token_nothing(connected: Connected) -> None:
    connected.save(expires_in=0)
    connected.scene.simulators.switch(amocrm_unpaid=True)
    with pytest.raises(AccountStopped, match="not paid"):
        connected.account()
    assert (statuses(connected), noted(connected)) == ([402], [])
    assert asked(connected.scene) == 1


def test_a_403_for_the_token_alone_is_a_spent_token(connected: Connected) -> None:
    connected.save(expires_in=0)
    connected.scene.simulators.break_requests("amocrm", TOKEN, status=403)
    for _ in range(2):
        with pytest.raises(TokenExpired, match="connect amoCRM again"):
            connected.account()
    assert statuses(connected) == [403]
    assert connected.held()["last_error"].startswith("reconnect amoCRM")


def test_a_stopped_account_is_not_asked_for_tokens_either(connected: Connected) -> None:
    connected.save(expires_in=0)
    held = integration_settings.stored(connected.platform(), connected.scene.tenant)["amocrm"]
    limiter_of(connected.platform(), connected.scene.tenant, held).stop("it is closed", 403)
    with pytest.raises(AccountStopped, match="it is closed; it will be tried again"):
        connected.account()
    assert (asked(connected.scene), noted(connected)) == (0, [])


def test_connecting_tries_a_stopped_account_at_once_and_a_ban_leaves_the_code(
    connected: Connected,
) -> None:
    scene = connected.scene
    ban(scene)
    for _ in range(2):
        with pytest.raises(AccountStopped):
            connect(connected.platform(), scene.tenant, connected.code)
    scene.simulators.calm()
    connect(connected.platform(minutes=1), scene.tenant, connected.code)
    assert connected.held()["access_token"] != connected.pair["access_token"]


def test_the_end_of_replaced_tokens_is_not_told_of_the_new_ones(connected: Connected) -> None:
    scene = connected.scene
    tokens = tenant_tokens(scene.platform, scene.tenant)
    connected.save(access_token="e30.e30.new")
    tokens.ended(connected.pair["access_token"], "it was revoked")
    assert (connected.held()["status"], scene.chat()) == ("unchecked", [])
    tokens.ended("e30.e30.new", "it was revoked")
    assert connected.held()["status"] == "error"
    assert len(scene.chat()) == 1


SPENT = {"expires_in": 0, "refresh_token": "def502.spent"}
WITHDRAWN = {"long_lived_token": "e30.e30.withdrawn", "access_token": None, "refresh_token": None}


@pytest.mark.parametrize(
    ("saved", "requests"), [(SPENT, 1), (WITHDRAWN, 0)], ids=["oauth", "long-lived"]
)
def test_requests_side_by_side_that_meet_the_end_of_a_token_tell_of_it_once(
    connected: Connected, saved: dict[str, Any], requests: int
) -> None:
    connected.save(**saved)
    scene = connected.scene
    with (
        amocrm_client(scene.platform, scene.tenant) as client,
        pytest.raises(TokenExpired),
    ):
        fetch_day(client, scene.window)
    assert len(connected.token_requests()) == requests
    assert connected.held()["status"] == "error"
    assert len(scene.chat()) == 1


def test_others_go_on_while_one_tenants_token_is_spent(connected: Connected) -> None:
    connected.save(expires_in=0, refresh_token="def502.spent")
    scene = connected.scene
    other = Connected(set_scene(scene.platform, scene.simulators, f"{scene.tenant.slug}-b"))
    other.save(expires_in=0)
    with pytest.raises(TokenExpired):
        connected.account()
    assert other.account()["id"]
    assert (connected.held()["status"], other.held()["status"]) == ("error", "unchecked")


def test_keys_that_rotate_during_a_refresh_lose_no_token(connected: Connected) -> None:
    scene, new = connected.scene, Fernet.generate_key().decode()
    old = (scene.platform.home / KEY_FILE).read_text(encoding="utf-8").split()
    connected.save(expires_in=0)
    scene.simulators.break_requests("amocrm", TOKEN, delay_seconds=2, headers={"x": "y"})
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(connected.account)
        await_that(lambda: noted(connected), "the refresh is under way")
        ring = KeyRing([new, *old])
        rotated = key_rotation.rotate(replace(scene.platform, keys=ring))
        assert asking.result()["id"]
    assert rotated.left == []
    with amocrm_client(replace(scene.platform, keys=KeyRing([new])), scene.tenant) as client:
        assert client.account()["id"]
    assert statuses(connected) == [200], "what was stored is the pair that was handed out"


@pytest.mark.parametrize(
    ("changes", "lack"),
    [
        ({"refresh_token": None}, "an access token and no refresh token"),
        ({"access_token": None, "refresh_token": None}, "no token yet"),
    ],
)
def test_who_saved_half_a_pair_hears_what_to_do(
    connected: Connected, changes: dict[str, Any], lack: str
) -> None:
    connected.save(**changes)
    with pytest.raises(UsageProblem, match=f"{lack}.*integrations connect TENANT amocrm"):
        connected.account()


def test_a_token_that_ends_on_the_third_page_costs_no_row(make_scene: Any, impatient: None) -> None:
    connected = Connected(make_scene(dialogs=120))
    scene = connected.scene
    types = ["lead_added", "lead_status_changed"]
    path = r"/api/v4/events\?.*page=3"
    scene.simulators.break_requests("amocrm", path, count=1, status=401)
    with amocrm_client(scene.platform, scene.tenant) as client:
        start, end = datetime(2026, 1, 1, tzinfo=UTC), scene.window.end
        found = list(client.events(start, end, types))
    pages = [row for row in scene.simulators.ask("GET", "log?limit=1000")["requests"]
             if row["path"].endswith("/events")]  # fmt: skip
    assert [row["status"] for row in pages].count(401) == 1
    assert len(pages) >= 4
    assert statuses(connected) == [200]
    ids = [row["id"] for row in found]
    assert len(set(ids)) == len(ids)
    assert set(ids) == {
        row["id"]
        for row in scene.truth()["events"]
        if row["type"] in types and start <= datetime.fromisoformat(row["created_at"]) < end
    }
