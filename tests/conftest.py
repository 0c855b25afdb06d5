"""What integration tests and journeys share: a real database, the simulated providers, a tenant.

What lives here: fixtures. Databases are made in ``databases``, tenants and days in ``stage``.
"""

import hashlib
import os
import signal
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from synkro_assets.commands.dagster_runs import dagster_instance
from synkro_assets.operations.platform import Platform
from synkro_assets.operations.setup import bring_up_to_date
from synkro_assets.settings import PROJECT_ROOT, Settings
from synkro_assets.simulators.app import create_app
from synkro_assets.simulators.server import start_in_thread
from synkro_assets.storage.database import Database
from synkro_assets.storage.key_ring import configured_ring
from tests.databases import disconnect_all, scratch_database, server
from tests.stage import Scene, Simulators, set_scene


class SettableClock:
    """A clock that stands where a test puts it; real time until then."""

    def __init__(self) -> None:
        self.stands_at: datetime | None = None

    def now(self) -> datetime:
        return self.stands_at or datetime.now(UTC)


def pytest_configure() -> None:
    """Ctrl-C reaches processes that tests start, also where the tests themselves ignore it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """A PostgreSQL server where databases may be made."""
    with server() as url:
        yield url


@pytest.fixture(scope="session")
def template(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database that is up to date, Dagster's tables too; nobody works in it."""
    with scratch_database(server_url) as url:
        bring_up_to_date(Database(url), PROJECT_ROOT)
        environment = dict(os.environ)
        settings = Settings(home=tmp_path_factory.mktemp("template"))
        try:
            with dagster_instance(settings, url) as instance:
                instance.get_runs_count()
        finally:
            os.environ.clear()
            os.environ.update(environment)
        disconnect_all(server_url, url)
        yield url


@pytest.fixture
def database(server_url: str, template: str) -> Iterator[Database]:
    """A database of the test's own, up to date and without a tenant."""
    with scratch_database(server_url, template) as url:
        yield Database(url)


@pytest.fixture
def empty_database(server_url: str) -> Iterator[Database]:
    """A database of the test's own with nothing in it."""
    with scratch_database(server_url) as url:
        yield Database(url)


@pytest.fixture(autouse=True)
def no_dagster_left_behind() -> Iterator[None]:
    """A Dagster instance a test leaves open breaks the loading of definitions in another test."""
    yield
    module = sys.modules.get("dagster._core.storage.defs_state.base")
    assert module is None or module.DefsStateStorage.get() is None, "an instance was left open"


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def platform(database: Database, clock: SettableClock, tmp_path: Path) -> Iterator[Platform]:
    """An installation of the test's own."""
    opened = Platform(database, configured_ring(None, tmp_path), clock, tmp_path)
    yield opened
    opened.log_rows.close()


@pytest.fixture(scope="session")
def simulator_session() -> Iterator[Simulators]:
    """The providers, started once."""
    with start_in_thread(create_app()) as running:
        simulators = Simulators(running.url)
        yield simulators
        simulators.close()


@pytest.fixture
def simulators(simulator_session: Simulators) -> Iterator[Simulators]:
    """The providers at their best behaviour, before the test and after it."""
    simulator_session.calm()
    yield simulator_session
    simulator_session.calm()


@pytest.fixture
def slug(request: pytest.FixtureRequest) -> str:
    """A tenant of the test's own, the same whenever the test runs."""
    return f"t-{hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:10]}"


@pytest.fixture
def scene(platform: Platform, simulators: Simulators, slug: str) -> Scene:
    """A tenant with a loaded day and every integration saved."""
    return set_scene(platform, simulators, slug)


@pytest.fixture
def make_scene(platform: Platform, simulators: Simulators, slug: str) -> Callable[..., Scene]:
    """The same, made by the test with what it wants otherwise."""

    def make(**changes: object) -> Scene:
        return set_scene(platform, simulators, slug, **changes)  # type: ignore[arg-type]

    return make
