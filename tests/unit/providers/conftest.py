"""Fakes for what the providers receive; what one provider answers stands in its own tests."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from synkro_assets.domain.errors import AccountStopped
from synkro_assets.domain.protocols import Exchange
from synkro_assets.providers.http import trust


@dataclass
class FakeLimiter:
    acquired: list[tuple[str, float]] = field(default_factory=list)
    penalties: list[tuple[str, float]] = field(default_factory=list)
    stops: list[tuple[str, int | None]] = field(default_factory=list)
    resumed: int = 0

    def acquire(self, rates: Mapping[str, float]) -> None:
        self.acquired.extend(rates.items())

    def penalize(self, bucket: str, seconds: float) -> None:
        self.penalties.append((bucket, seconds))

    def stop(self, reason: str, status: int | None) -> AccountStopped:
        self.stops.append((reason, status))
        until = datetime(2026, 3, 5, 12, 15, tzinfo=UTC)
        return AccountStopped("amoCRM", reason, until=until, status=status)

    def resume(self) -> None:
        self.resumed += 1


@dataclass
class FakeLog:
    rows: list[Exchange] = field(default_factory=list)

    def record(self, exchange: Exchange) -> None:
        self.rows.append(exchange)


class FakeClock:
    def now(self) -> datetime:
        return datetime(2026, 3, 5, 12, tzinfo=UTC)


@dataclass
class Surroundings:
    """What every client is given, and what it did with it."""

    limiter: FakeLimiter = field(default_factory=FakeLimiter)
    log: FakeLog = field(default_factory=FakeLog)
    clock: FakeClock = field(default_factory=FakeClock)
    slept: list[float] = field(default_factory=list)

    def given(self) -> dict[str, Any]:
        return {
            "limiter": self.limiter,
            "log": self.log,
            "clock": self.clock,
            "sleeper": self.slept.append,
        }


@pytest.fixture
def surroundings() -> Surroundings:
    return Surroundings()


@pytest.fixture
def authorities_read(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Where certificate authorities are read from after the one time that is needed."""
    trust()
    read: list[object] = []
    monkeypatch.setattr(
        ssl.SSLContext, "load_verify_locations", lambda *where, **files: read.append((where, files))
    )
    return read
