"""An account that moves to another address is followed there, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from synkro_assets.assets.raw_amocrm import amocrm_source
from synkro_assets.assets.raw_specs import load_days
from synkro_assets.domain.errors import TokenExpired
from tests.integration.amocrm_connected import TOKEN, Connected
from tests.integration.front_doors import Asked, FrontDoor, front_door
from tests.integration.test_changing_amocrm import true_leads
from tests.runs import claimed
from tests.stage import Scene


@pytest.fixture
def doors(scene: Scene) -> Iterator[tuple[FrontDoor, FrontDoor]]:
    """The account's address, and the one it moves to."""
    url = scene.simulators.url
    with front_door(url) as before, front_door(url) as after:
        yield before, after


@pytest.fixture
def connected(scene: Scene, doors: tuple[FrontDoor, FrontDoor]) -> Connected:
    found = Connected(scene)
    found.save(base_url=address(found, doors[0]))
    return found


def address(connected: Connected, door: FrontDoor) -> str:
    return f"http://{door.host}/amocrm/accounts/{connected.scene.tenant.slug}"


def kept(connected: Connected) -> list[str]:
    return [connected.held()[each] for each in ("base_url", "access_token", "refresh_token")]


def test_a_day_is_read_whole_though_its_account_moves_on_the_way(
    connected: Connected, doors: tuple[FrontDoor, FrontDoor]
) -> None:
    before, after = doors

    def move_after_the_third(_: Asked) -> None:
        if len(before.asked) == 3:
            connected.scene.simulators.switch(amocrm_moved_to=after.host)

    before.passed = move_after_the_third
    with claimed(connected.scene) as begun:
        load_days(begun, amocrm_source(begun, print), "run", print).require_all_done()

    assert connected.held()["base_url"] == address(connected, after)
    assert {each.status for each in before.asked} == {200, 401}
    # Events and leads are asked for side by side, so that both may meet the old address.
    *under_way, renewal = (each for each in before.asked if each.status == 401)
    assert 1 <= len(under_way) <= 2
    assert {each.method for each in under_way} == {"GET"}
    assert renewal.path.endswith(TOKEN)
    first, *others = after.asked
    assert first.method == "POST"
    assert first.path.endswith(TOKEN)
    assert {each.status for each in others} <= {200, 204}
    assert {each.token for each in others} == {connected.held()["access_token"]}
    read = connected.scene.rows("select distinct amocrm_lead_id as id from raw.amocrm_leads")
    truth = connected.scene.simulators.truth(connected.scene.tenant.slug, connected.scene.day)
    assert {row["id"] for row in read} == true_leads(truth).keys()


def test_who_asks_next_goes_to_the_new_address_at_once(
    connected: Connected, doors: tuple[FrontDoor, FrontDoor]
) -> None:
    before, after = doors
    connected.scene.simulators.switch(amocrm_moved_to=after.host)
    assert connected.account()["id"]
    before.asked.clear()
    after.asked.clear()
    assert connected.account()["id"]
    assert before.asked == []
    assert [each.status for each in after.asked] == [200]


@pytest.mark.parametrize(
    "abroad", ["example.org", "amocrm.ru.example.org", "127.0.0.1.example.org"]
)
def test_no_token_goes_to_an_address_that_is_not_the_providers(
    connected: Connected, doors: tuple[FrontDoor, FrontDoor], abroad: str
) -> None:
    held = kept(connected)
    connected.scene.simulators.switch(amocrm_moved_to=abroad)
    with pytest.raises(TokenExpired):
        connected.account()
    assert kept(connected) == held
    assert [each.status for each in doors[0].asked] == [401, 401]
    assert doors[1].asked == []
