"""A tenant of a changing world, and what a run's own reading made of its day.

What lives here: the world a property test reads, one reading of it, and the stored rows. What they
should be is said by the tests.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from hypothesis import HealthCheck, Phase, settings

from synkro_assets.assets.raw_amocrm import amocrm_source
from synkro_assets.assets.raw_radist import radist_source
from synkro_assets.assets.raw_specs import Source, load_days
from synkro_assets.domain.errors import SynkroError
from synkro_assets.domain.tenant import TenantSlug
from synkro_assets.operations.platform import Platform
from synkro_assets.operations.tenant_config import add_tenant
from synkro_assets.operations.tenant_run import TenantRun
from synkro_assets.storage.raw_rows import AMOCRM_TABLES, RADIST_TABLES
from tests.changing_world import TROUBLES, ChangingWorld, Happening, Trouble, Truth
from tests.conftest import SettableClock
from tests.runs import claimed, rows_of
from tests.stage import DAY, Scene, Simulators

_SOURCES: dict[str, Callable[[TenantRun, Callable[[str], None]], Source]] = {
    "amocrm": amocrm_source,
    "radist": radist_source,
}
_TABLES = {"amocrm": AMOCRM_TABLES, "radist": RADIST_TABLES}
_WORLD = "changing"

# The same examples in every run; where the variable asks for more of them they are new ones, and
# what fails is made as small as it gets, which takes minutes.
_MORE = os.environ.get("SYNKRO_CHANGE_EXAMPLES")
affordable = settings(
    max_examples=int(_MORE or 4),
    derandomize=not _MORE,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate, *((Phase.shrink,) if _MORE else ())),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@dataclass
class Theatre:
    """Where a test's examples play one after the other: each a new tenant, the same for a seed."""

    platform: Platform
    simulators: Simulators
    world: ChangingWorld
    clock: SettableClock
    examples: int = 0

    def open(self, provider: str, *, hours: int, rate: int = 1, **made: Any) -> Reading:
        """A new tenant whose providers stand ``hours`` after the beginning of its day."""
        self.examples += 1
        self.world.rate = rate
        # A stop of the account in the example before must be over.
        self.clock.stands_at = datetime(2027, 1, 1, tzinfo=UTC) + timedelta(days=2 * self.examples)
        self.simulators.calm()
        if any(each["tenant"] == _WORLD for each in self.simulators.ask("GET", "worlds")["worlds"]):
            self.simulators.ask("DELETE", f"worlds/{_WORLD}")
        slug = TenantSlug(f"reader-{self.examples}")
        settings = ("Europe/Moscow", "amocrm_radist", ())
        tenant = add_tenant(self.platform, slug, "Reader", *settings)
        fields = self.simulators.load(tenant, DAY, tenant=_WORLD, **made)
        scene = Scene(self.platform, self.simulators, tenant, DAY, fields)
        scene.connect(provider)
        reading = Reading(self, scene, provider)
        reading.set_hours(hours)
        return reading


@dataclass
class Reading:
    """One tenant being read; ``states`` are what its day was like meanwhile."""

    theatre: Theatre
    scene: Scene
    provider: str

    @property
    def states(self) -> list[Truth]:
        return self.theatre.world.states

    def set_hours(self, hours: int) -> None:
        """The providers' clock stands so long after the beginning of the day."""
        now = self.scene.window.start + timedelta(hours=hours)
        clock = {"now": now.isoformat(), "rate": self.theatre.world.rate}
        self.theatre.simulators.ask("PUT", "clock", clock)

    def save_old_leads(self, count: int) -> None:
        """Many leads of long ago are saved in one second of the day, which no event tells of."""
        control = self.theatre.simulators.ask
        at = self.scene.window.start - timedelta(days=30)
        leads = f"amocrm/leads/{_WORLD}"
        self.set_hours(9)
        for lead_id in control("POST", leads, {"count": count, "at": at.isoformat()})["ids"]:
            control("POST", f"{leads}/{lead_id}", {"price": count})

    def read(
        self, plan: list[Happening] | None = None, troubles: list[Trouble] | None = None
    ) -> str | None:
        """Read and load the day as a run does; what was wrong if nothing of it was loaded."""
        world, simulators = self.theatre.world, self.theatre.simulators
        simulators.ask("DELETE", "faults")
        world.plan(self.provider, _WORLD, str(self.scene.day), plan or [])
        for each in troubles or []:
            path, action = each.path or ".", TROUBLES[each.name]
            counts = {"skip": each.skip, "count": each.count}
            simulators.break_requests(self.provider, path, **counts, **action)
        with claimed(self.scene) as begun:
            source = _SOURCES[self.provider](begun, lambda _: None)
            outcomes = load_days(begun, source, "a run", lambda _: None)
        assert world.problems == []
        for problem in outcomes.failed.values():
            assert isinstance(problem, SynkroError), repr(problem)
            return str(problem)
        noted = self.scene.rows("select last_error from app.source_days")
        return next((row["last_error"] for row in noted), None)

    def truth(self) -> Truth:
        """What the day is like now."""
        now = quote(self.theatre.simulators.ask("GET", "clock")["now"])
        path = f"worlds/{_WORLD}/truth?day={self.scene.day}&at={now}"
        truth: Truth = self.theatre.simulators.ask("GET", path)
        return truth

    def come_to_rest(self) -> None:
        """Nothing fails and nothing happens any more, and every stop is over."""
        simulators, clock = self.theatre.simulators, self.theatre.clock
        simulators.ask("DELETE", "faults")
        assert clock.stands_at is not None
        clock.stands_at += timedelta(days=1)

    def stored(self) -> dict[str, list[Any]]:
        """All rows of the source."""
        return {
            each.name: rows_of(self.scene, f"raw.{each.name}") for each in _TABLES[self.provider]
        }
