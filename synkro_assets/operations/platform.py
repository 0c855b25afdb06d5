"""Opening the platform: database, key ring, clock and log, bundled for whoever needs them.

What lives here: how the bundle is made, and in whose name it works. Which database, keys and clock:
``settings``.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from synkro_assets.domain.errors import UsageProblem
from synkro_assets.domain.protocols import Clock
from synkro_assets.storage.connection_urls import parsed
from synkro_assets.storage.database import Actor, Database
from synkro_assets.storage.integration_logs import LogRows
from synkro_assets.storage.key_ring import KeyRing, configured_ring


class SystemClock:
    """The machine's clock, in UTC."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Platform:
    """What every operation needs of the installation it runs in.

    ``log_rows`` is where the exchanges of all its clients are queued.
    """

    database: Database
    keys: KeyRing
    clock: Clock
    home: Path
    log_rows: LogRows = field(default=None, repr=False, compare=False)  # type: ignore[assignment]  # made in __post_init__

    def __post_init__(self) -> None:
        # A copy with another clock or actor shares the queue: whoever opened the platform closes
        # one, in whatever name its rows were put there.
        if self.log_rows is None or self.log_rows.url != self.database.url:
            object.__setattr__(self, "log_rows", LogRows(self.database))

    def acting_as(self, name: str, ip_address: str | None = None) -> Platform:
        """The same platform, what it changes recorded as that actor's."""
        return replace(self, database=self.database.acting_as(Actor(name, ip_address)))


def operating_system_user() -> str:
    """Whose process this is, by its user id: the environment's word anybody may change."""
    user_id = os.getuid()
    try:
        return pwd.getpwuid(user_id).pw_name
    except KeyError:
        # A container may run under an id that nobody has named.
        return f"uid {user_id}"


@contextmanager
def open_platform(
    home: Path, database_url: str | None, keys: str | None, clock: Clock
) -> Iterator[Platform]:
    """The platform; without a URL the embedded server runs for as long as the block lasts."""
    if database_url is not None:
        parsed(database_url)
        with _platform(home, database_url, keys, clock) as platform:
            yield platform
        return
    from synkro_assets.storage.embedded_server import running_server

    with running_server(home) as url, _platform(home, url, keys, clock) as platform:
        yield platform


@contextmanager
def _platform(home: Path, url: str, keys: str | None, clock: Clock) -> Iterator[Platform]:
    try:
        ring = configured_ring(keys, home)
    except OSError as problem:
        raise UsageProblem(
            f"SYNKRO_HOME {home} cannot be written ({problem.strerror}): choose another folder"
        ) from None
    with Database(url).keeping_connections() as database:
        platform = Platform(database, ring, clock, home)
        try:
            yield platform
        finally:
            platform.log_rows.close()
