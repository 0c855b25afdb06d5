"""The providers' simulators for demonstrations: running them and setting their stage.

What lives here: starting them and speaking to their control interface. What they simulate is the
package ``simulators``.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from synkro_assets.domain.business_day import BusinessDay, Window
from synkro_assets.domain.errors import UsageProblem, WorkFailed
from synkro_assets.domain.tenant import Tenant
from synkro_assets.operations.simulated_clock import ClockReading, parse_reading

CLOCK_PATH = "/control/clock"


class ControlClient:
    """The simulators' control interface (``GET /control/`` lists it)."""

    def __init__(self, url: str) -> None:
        self.url = url

    def load_world(
        self, tenant: Tenant, day: BusinessDay, window: Window
    ) -> dict[str, dict[str, Any]]:
        """Make up a tenant's day; returns the integrations that lead to it, by kind."""
        answer = self._ask(
            "POST",
            "/control/worlds",
            {
                "tenant": tenant.slug,
                "day": day.isoformat(),
                "window_start": window.start.isoformat(),
                "window_end": window.end.isoformat(),
                "timezone": tenant.config.timezone,
                "language": tenant.language,
                "region": tenant.default_region,
            },
        )
        integrations: dict[str, dict[str, Any]] = answer["integrations"]
        return integrations

    def clock(self) -> ClockReading:
        """What time the providers believe it is, and how fast it passes."""
        return parse_reading(self._ask("GET", CLOCK_PATH))

    def set_clock(self, now: datetime, rate: float = 1.0) -> ClockReading:
        """Put the providers' clock to an instant, to pass ``rate`` times as fast from there."""
        order = {"now": now.isoformat(), "rate": rate}
        return parse_reading(self._ask("PUT", CLOCK_PATH, order))

    def request_log(self) -> dict[str, dict[str, Any]]:
        """What each provider was asked: ``count``, ``handler_seconds``, ``statuses`` and more."""
        summary: dict[str, dict[str, Any]] = self._ask("GET", "/control/log?limit=0")["summary"]
        return summary

    def forget_requests(self) -> None:
        """Begin the request log anew."""
        self._ask("DELETE", "/control/log")

    def lift_limits(self) -> None:
        """Let clients ask as fast as they can."""
        self._ask("POST", "/control/limits", {"enabled": False})

    def chat(self, tenant: str) -> list[dict[str, Any]]:
        """Every message of a tenant's simulated Telegram chat."""
        messages: list[dict[str, Any]] = self._ask(
            "GET", f"/control/telegram/messages?tenant={tenant}"
        )["messages"]
        return messages

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        request = urllib.request.Request(
            self.url + path,
            method=method,
            data=json.dumps(body).encode() if body is not None else None,
            headers={"content-type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as problem:
            said = json.load(problem)
            where = f"line {said['line']}: " if said.get("line") else ""
            raise UsageProblem(f"the simulators refused: {where}{said.get('error')}") from None
        except OSError as problem:
            raise WorkFailed(f"the simulators do not answer at {self.url}: {problem}") from None


@contextmanager
def simulators(
    state_dir: Path, *, dialogs: Path | None = None, port: int = 0, seed: int = 1
) -> Iterator[ControlClient]:
    """The simulators in a thread of this process, for as long as the block lasts."""
    from synkro_assets.simulators.app import create_app
    from synkro_assets.simulators.server import PortInUse, start_in_thread

    app = create_app(seed=seed, state_dir=state_dir, dialogs=dialogs)
    try:
        with start_in_thread(app, port=port) as server:
            yield ControlClient(server.url)
    except PortInUse as problem:
        raise UsageProblem(f"{problem}: choose another with --port") from None


def serve_simulators(port: int, seed: int, dialogs: Path | None) -> None:
    """The simulators alone, until Ctrl-C."""
    from synkro_assets.simulators.app import create_app
    from synkro_assets.simulators.server import PortInUse, serve

    if dialogs is not None and not dialogs.is_file():
        raise UsageProblem(f"there is no dialogs file {dialogs}")
    try:
        serve(create_app(seed=seed, dialogs=dialogs), "127.0.0.1", port)
    except PortInUse as problem:
        raise UsageProblem(f"{problem}: choose another with --port") from None
