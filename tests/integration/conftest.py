"""A day that was reported once, for every test that only looks at it or works on a copy.

What lives here: the shared day. A full run costs seconds, a copy of its database a fraction of one.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from synkro_assets.commands.run import DayRun
from synkro_assets.operations.platform import Platform, SystemClock
from synkro_assets.simulators.app import create_app
from synkro_assets.simulators.server import start_in_thread
from synkro_assets.storage.database import Database
from synkro_assets.storage.key_ring import configured_ring
from tests.changing_world import ChangingWorld
from tests.conftest import SettableClock
from tests.databases import disconnect_all, scratch_database
from tests.integration.reading import Theatre
from tests.runs import run
from tests.stage import Scene, Simulators, set_scene
from tests.waiting import let_nothing_wait


@dataclass(frozen=True, slots=True)
class Reported:
    """A tenant whose day was run and delivered once."""

    scene: Scene
    outcome: DayRun
    truth: dict[str, Any]


@pytest.fixture(scope="session")
def reported(
    server_url: str,
    template: str,
    simulator_session: Simulators,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Reported]:
    """The shared day; tests do not change it."""
    simulator_session.calm()
    home = tmp_path_factory.mktemp("reported")
    with scratch_database(server_url, template) as url:
        platform = Platform(Database(url), configured_ring(None, home), SystemClock(), home)
        scene = set_scene(platform, simulator_session, "reported")
        outcome = run(scene)
        yield Reported(scene, outcome, scene.truth())


@pytest.fixture
def copied(reported: Reported, server_url: str, simulators: Simulators) -> Iterator[Scene]:
    """The same tenant and day in a database of the test's own."""
    scene = reported.scene
    disconnect_all(server_url, scene.platform.database.url)
    with scratch_database(server_url, scene.platform.database.url) as url:
        yield replace(scene, platform=replace(scene.platform, database=Database(url)))


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests without the waiting between them."""
    let_nothing_wait(monkeypatch)


@pytest.fixture
def theatre(platform: Platform, clock: SettableClock) -> Iterator[Theatre]:
    """Providers of the test's own, whose world changes while it is read."""
    world = ChangingWorld(create_app())
    with start_in_thread(world) as running:
        simulators = Simulators(running.url)
        yield Theatre(platform, simulators, world, clock)
        simulators.close()
