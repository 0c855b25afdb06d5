"""An account that refuses everything is left alone, and everybody is told until when."""

from __future__ import annotations

import urllib.error
import urllib.request
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest

from synkro_assets.domain.errors import AccountStopped
from synkro_assets.operations.integration_checks import check_integrations
from synkro_assets.operations.platform import Platform
from synkro_assets.operations.provider_clients import amocrm_client
from synkro_assets.operations.stopped_accounts import telling_stops
from tests.stage import Scene, set_scene


@dataclass(frozen=True, slots=True)
class FixedClock:
    """A clock that stands where the test put it."""

    time: datetime

    def now(self) -> datetime:
        return self.time


def at(scene: Scene, minutes: int) -> Platform:
    """The platform some minutes after noon UTC of the scene's day."""
    noon = scene.window.start.replace(hour=12, minute=0)
    return replace(scene.platform, clock=FixedClock(noon + timedelta(minutes=minutes)))


def read_users(scene: Scene, minutes: int) -> None:
    """What a run does with amoCRM, some minutes after noon."""
    platform = at(scene, minutes)
    with (
        telling_stops(platform, scene.tenant, "amocrm"),
        amocrm_client(platform, scene.tenant) as client,
    ):
        client.users()


def asked(scene: Scene) -> int:
    """How many requests amoCRM has received."""
    return len(scene.simulators.ask("GET", "log?provider=amocrm")["requests"])


def status(scene: Scene) -> tuple[str, str | None]:
    """The integration as its tenant sees it."""
    (row,) = scene.rows(
        "select status, last_error from app.integration_configs where kind = 'amocrm'"
    )
    return row["status"], row["last_error"]


def ban(scene: Scene) -> None:
    """amoCRM answers every request of this account with 403."""
    limits = {"enabled": True, "amocrm_ban_after": 0, "amocrm_ban_seconds": None}
    scene.simulators.ask("POST", "limits", limits)


def test_a_banned_account_is_not_asked_before_its_time(scene: Scene) -> None:
    ban(scene)
    with pytest.raises(AccountStopped, match=r"refuses every request .* at 12:15 UTC on"):
        read_users(scene, 0)
    assert asked(scene) == 2
    for minutes in (0, 5, 14):
        with pytest.raises(AccountStopped, match="at 12:15 UTC on"):
            read_users(scene, minutes)
    assert asked(scene) == 2
    with pytest.raises(AccountStopped, match="at 13:15 UTC on"):
        read_users(scene, 15)
    assert asked(scene) == 4


def test_a_stop_is_told_in_the_integration_and_once_to_the_people(scene: Scene) -> None:
    ban(scene)
    for minutes in (0, 5, 20):
        with pytest.raises(AccountStopped):
            read_users(scene, minutes)
    state, error = status(scene)
    assert state == "error"
    assert error is not None
    assert "amoCRM refuses every request from this account" in error
    assert "tried again at 13:20 UTC" in error
    assert len(scene.chat()) == 1


def test_a_request_that_works_ends_the_stop(scene: Scene) -> None:
    ban(scene)
    with pytest.raises(AccountStopped):
        read_users(scene, 0)
    scene.simulators.calm()
    read_users(scene, 15)
    assert status(scene) == ("ok", None)
    ban(scene)
    with pytest.raises(AccountStopped, match="at 12:31 UTC on"):
        read_users(scene, 16)


def test_a_check_tries_at_once_and_ends_the_stop_when_it_works(scene: Scene) -> None:
    ban(scene)
    with pytest.raises(AccountStopped):
        read_users(scene, 0)
    (failed,) = check_integrations(at(scene, 1), scene.tenant, "amocrm")
    assert failed.status == "error"
    assert "at 12:15 UTC" in (failed.error or "")
    scene.simulators.calm()
    (outcome,) = check_integrations(at(scene, 2), scene.tenant, "amocrm")
    assert outcome.status == "ok"
    read_users(scene, 3)


def test_an_unpaid_account_is_stopped_too(scene: Scene) -> None:
    scene.simulators.switch(amocrm_unpaid=True)
    with pytest.raises(AccountStopped, match=r"not paid.*at 12:15 UTC"):
        read_users(scene, 0)
    assert asked(scene) == 1


def test_one_missing_right_stops_nothing(scene: Scene) -> None:
    scene.simulators.switch(amocrm_forbidden=["users"])
    with pytest.raises(Exception, match="no rights for this"):
        read_users(scene, 0)
    with amocrm_client(at(scene, 0), scene.tenant) as client:
        assert client.account()["id"]


def refuse(scene: Scene) -> None:
    """amoCRM answers every request of just this account with 403."""
    path = f"/accounts/{scene.tenant.slug}/"
    scene.simulators.break_requests("amocrm", path, status=403)


def test_other_accounts_go_on(scene: Scene) -> None:
    other = set_scene(scene.platform, scene.simulators, f"{scene.tenant.slug}-b")
    refuse(scene)
    with pytest.raises(AccountStopped):
        read_users(scene, 0)
    read_users(other, 1)
    with pytest.raises(AccountStopped):
        read_users(scene, 2)


def test_two_tenants_of_one_account_are_stopped_together(scene: Scene) -> None:
    other = set_scene(scene.platform, scene.simulators, f"{scene.tenant.slug}-b")
    other.connect("amocrm", **scene.integrations["amocrm"])
    refuse(scene)
    with pytest.raises(AccountStopped):
        read_users(scene, 0)
    requests = asked(scene)
    with pytest.raises(AccountStopped, match="at 12:15 UTC on"):
        read_users(other, 1)
    assert asked(scene) == requests


def hurry(scene: Scene) -> None:
    """Ask amoCRM with the tenant's token until it refuses everything that comes with it."""
    access = scene.integrations["amocrm"]
    limits = {"enabled": True, "amocrm_per_second": 1, "amocrm_ban_after": 1}
    scene.simulators.ask("POST", "limits", limits)
    request = urllib.request.Request(
        f"{access['base_url']}/api/v4/account",
        headers={"Authorization": f"Bearer {access['long_lived_token']}"},
    )
    refused = 0
    while refused < 2:
        try:
            urllib.request.urlopen(request).close()
        except urllib.error.HTTPError:
            refused += 1


def test_a_tenant_with_another_key_for_the_same_address_goes_on(scene: Scene) -> None:
    address = scene.integrations["amocrm"]["base_url"].split("/accounts/")[0]
    other = set_scene(scene.platform, scene.simulators, f"{scene.tenant.slug}-b")
    for each in (scene, other):
        each.connect("amocrm", base_url=address)
    hurry(scene)
    with pytest.raises(AccountStopped):
        read_users(scene, 0)
    read_users(other, 1)
    with pytest.raises(AccountStopped, match="at 12:15 UTC on"):
        read_users(scene, 2)
