"""Checks of a tenant's integrations over real HTTP to the simulated providers.

What lives here: asking for one check, and what must hold after every one of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from synkro_assets.operations.integration_checks import CheckOutcome, check_integrations
from synkro_assets.operations.integration_settings import opened, stored
from tests.databases import as_owner
from tests.stage import Scene

CHECKED_AT = datetime(2026, 3, 5, 12, 34, 56, tzinfo=UTC)


class StoppedClock:
    """Always the same moment, which the checks must write."""

    def now(self) -> datetime:
        return CHECKED_AT


@dataclass
class Inspector:
    """Checks a scene's integrations; remembers what they said and every secret there was."""

    scene: Scene
    said: list[str] = field(default_factory=list)
    secrets: set[str] = field(default_factory=set)

    def check(self, kind: str, **options: Any) -> CheckOutcome:
        """One kind's outcome, which is also what is stored."""
        (outcome,) = self.check_all(kind, **options)
        return outcome

    def check_all(self, kind: str | None = None, **options: Any) -> list[CheckOutcome]:
        platform, tenant = self.scene.platform, self.scene.tenant
        for each in stored(platform, tenant).values():
            self.secrets |= set(opened(platform, tenant, each).values())
        outcomes = check_integrations(platform, tenant, kind, **options)
        kept = stored(platform, tenant)
        for outcome in outcomes:
            self.said += [json.dumps(outcome.as_dict(), ensure_ascii=False), outcome.shown()]
            row = kept[outcome.kind]
            assert (row.status, row.last_error) == (outcome.status, outcome.error)
            assert row.last_checked_at == CHECKED_AT
        return outcomes

    def complaint(self, kind: str, **options: Any) -> str:
        """The one sentence of a check that found something wrong."""
        outcome = self.check(kind, **options)
        assert outcome.status == "error"
        assert outcome.error
        assert outcome.seen == {}
        assert len(outcome.error.splitlines()) == 1
        assert "Traceback" not in outcome.error
        return outcome.error

    def logged(self) -> str:
        self.scene.platform.log_rows.close()
        with as_owner(self.scene.platform.database) as connection:
            rows = connection.execute("select * from public.integration_logs").fetchall()
        return json.dumps(rows, default=str, ensure_ascii=False)


@contextmanager
def inspecting(scene: Scene) -> Iterator[Inspector]:
    """A tenant's checks; afterwards no secret may be in what they said or in the exchange log."""
    platform = replace(scene.platform, clock=StoppedClock())
    found = Inspector(replace(scene, platform=platform))
    yield found
    scene.simulators.calm()
    assert found.secrets
    told = "\n".join([*found.said, found.logged()])
    assert not {secret for secret in found.secrets if secret in told}


@pytest.fixture
def inspector(scene: Scene, impatient: None) -> Iterator[Inspector]:
    """The checks of a tenant whose day is loaded at the providers and not read yet."""
    with inspecting(scene) as found:
        yield found
