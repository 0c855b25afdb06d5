"""The stage of ``synkro up --demo``: simulated providers, a clock to move, companies with days.

What lives here: whose days are loaded when the clock moves, and telling the platform that clock.
What a company is and how it is connected is ``demo``; what the days hold is ``simulators``.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from pydantic import HttpUrl

from synkro_assets.commands.demo import COMPANIES, prepared_tenants
from synkro_assets.commands.simulators import CLOCK_PATH, ControlClient, simulators
from synkro_assets.commands.terminal import say
from synkro_assets.domain.business_day import BusinessDay
from synkro_assets.domain.errors import SynkroError, UsageProblem
from synkro_assets.domain.tenant import Tenant
from synkro_assets.operations.platform import Platform, SystemClock
from synkro_assets.operations.simulated_clock import SimulatedClock
from synkro_assets.settings import Settings

# One company for each mode, in zones far from each other.
CAST = tuple(
    company for company in COMPANIES if company.slug in ("demo-motor", "demo-ural", "demo-hudson")
)

# So far the clock can be moved on without leaving the days that Dagster has partitions for.
BEHIND = timedelta(days=3)

# The day that holds the clock's time, two before it for catching up, and the next one.
DAYS_BEFORE, DAYS_AFTER = 2, 1
LOOK_SECONDS = 0.5

# A clock put forward by more leaves days without a world behind; nobody waits for a year of them.
LONGEST_JUMP_DAYS = 31


@contextmanager
def demo_stage(
    settings: Settings, platform: Platform, *, rate: float = 1.0
) -> Iterator[tuple[Settings, Platform]]:
    """The demonstration for as long as the block lasts: settings and platform on its clock."""
    if settings.is_production:
        raise UsageProblem(
            "the demo makes up customers: it does not run with SYNKRO_ENV=production"
        )
    with simulators(settings.home / "simulators") as control:
        control.set_clock(SystemClock().now() - BEHIND, rate)
        url = f"{control.url}{CLOCK_PATH}"
        settings = settings.model_copy(update={"clock_url": HttpUrl(url)})
        platform = replace(platform, clock=SimulatedClock(url))
        days = dict(prepared_tenants(platform, control, CAST, is_scheduled=True))
        keeper = WorldKeeper(control, days, days.items())
        keeper.look()
        for tenant, day in days.items():
            say(
                f"tenant {tenant.slug} ({tenant.config.mode}, {tenant.config.timezone}) "
                f"has a simulated day: {day}"
            )
        say(f"simulators: {control.url}/control/")
        now = f"{platform.clock.now():%Y-%m-%dT%H:%M:%SZ}"
        say(f"their clock: {now}, passing {rate:g} times as fast; a day in five minutes is")
        say(f'  curl -X PUT {url} -d \'{{"rate": 288}}\'   ("now" puts it to a time)')
        with keeper.keeping():
            yield settings, platform


class WorldKeeper:
    """Loads the companies' days around the simulators' clock, each day once."""

    def __init__(
        self,
        control: ControlClient,
        tenants: Iterable[Tenant],
        loaded: Iterable[tuple[Tenant, BusinessDay]] = (),
    ) -> None:
        self._control, self._tenants, self._loaded = control, list(tenants), set(loaded)
        self._last_seen: datetime | None = None

    def look(self) -> None:
        """Load what the clock's time asks for and is not there yet."""
        now = self._control.clock().now
        for tenant in self._tenants:
            for day in days_around(tenant, now, self._last_seen):
                if (tenant, day) not in self._loaded:
                    self._control.load_world(tenant, day, tenant.config.calendar.window(day))
                    self._loaded.add((tenant, day))
        self._last_seen = now

    @contextmanager
    def keeping(self) -> Iterator[None]:
        """Look again and again in a thread, for as long as the block lasts."""
        stop = threading.Event()
        thread = threading.Thread(
            target=self._keep, args=(stop,), name="synkro-worlds", daemon=True
        )
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def _keep(self, stop: threading.Event) -> None:
        said = ""
        while not stop.wait(LOOK_SECONDS):
            try:
                self.look()
                said = ""
            except SynkroError as problem:
                if str(problem) != said:
                    said = str(problem)
                    say(f"the simulated days are not kept up: {said}", style="yellow")


def days_around(
    tenant: Tenant, now: datetime, last_seen: datetime | None = None
) -> Sequence[BusinessDay]:
    """The days a company needs at that time, with those the clock passed since it was seen."""
    calendar = tenant.config.calendar
    today = calendar.label(now)
    first = today - timedelta(days=DAYS_BEFORE)
    if last_seen is not None and last_seen < now:
        longest = today - timedelta(days=LONGEST_JUMP_DAYS)
        first = max(longest, min(first, calendar.label(last_seen)))
    count = (today - first).days + DAYS_AFTER + 1
    return [BusinessDay(first + timedelta(days=place)) for place in range(count)]
