"""What every benchmark stands on: a database server, the simulators as a process, tenants.

What lives here: setting them up and asking the simulators how long they themselves were busy.
Running and measuring is ``processes``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import socket
from typing import Any

from synkro_assets.domain.business_day import BusinessDay
from synkro_assets.domain.tenant import Tenant, parse_slug
from synkro_assets.operations import integration_settings
from synkro_assets.operations.platform import Platform, SystemClock, open_platform
from synkro_assets.operations.setup import bring_up_to_date
from synkro_assets.operations.tenant_config import add_tenant
from synkro_assets.settings import PROJECT_ROOT
from synkro_assets.storage.embedded_server import discard, running_server

# The simulators' limits are off, so the clients must not pace themselves either.
_HURRY = {
    "amocrm": {"requests_per_second": 1000},
    "radist": {"requests_per_second": 1000, "chats_per_second": 1000},
}
_ROOM = (
    "language=ru", "default_region=RU", "radist_fetch_limit=100000",
    "max_radist_contact_pages=10000", "max_radist_candidates=100000", "max_amo_leads=100000",
    "max_amo_contacts=100000",
)  # fmt: skip
_START_SECONDS = 30.0


class Simulators:
    """The providers' simulators in a process of their own."""

    def __init__(self, url: str) -> None:
        self.url = url

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """One request to the control interface."""
        request = urllib.request.Request(
            f"{self.url}/control/{path}",
            method=method,
            data=json.dumps(body).encode() if body is not None else None,
            headers={"content-type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=300) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def handler_seconds(self) -> float:
        """How long the providers' handlers worked since the log was last cleared."""
        summary = self.ask("GET", "log?limit=0")["summary"]
        return float(sum(each["handler_seconds"] for each in summary.values()))

    def forget_requests(self) -> None:
        self.ask("DELETE", "log")


@dataclass(frozen=True, slots=True)
class Stage:
    """An installation of the benchmarks' own."""

    platform: Platform
    simulators: Simulators
    environment: dict[str, str]

    def tenant(self, name: str, *settings: str) -> Tenant:
        """A new tenant with room for large days."""
        slug = parse_slug(f"{name}-{uuid.uuid4().hex[:6]}")
        tenant = add_tenant(
            self.platform, slug, f"Company {name}", "Europe/Moscow", "amocrm_radist",
            (*_ROOM, *settings),
        )  # fmt: skip
        return tenant

    def load(self, tenant: Tenant, day: BusinessDay, **changes: Any) -> dict[str, dict[str, Any]]:
        """Make up a tenant's day at the simulators and connect the tenant to it.

        Returns the integrations as the simulators name them, by kind.
        """
        window = tenant.config.calendar.window(day)
        order = {
            "tenant": tenant.slug,
            "day": day.isoformat(),
            "window_start": window.start.isoformat(),
            "window_end": window.end.isoformat(),
            "timezone": tenant.config.timezone,
            "language": tenant.language,
            "region": tenant.default_region,
            **changes,
        }
        integrations: dict[str, dict[str, Any]] = self.simulators.ask("POST", "worlds", order)[
            "integrations"
        ]
        for kind, values in integrations.items():
            integration_settings.save(self.platform, tenant, kind, values | _HURRY.get(kind, {}))
        return integrations

    def latest_closed(self, tenant: Tenant) -> BusinessDay:
        return tenant.config.calendar.latest_closed(self.platform.clock.now())


@contextmanager
def stage() -> Iterator[Stage]:
    """A warm database, the simulators with their limits off; all gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="synkro-bench-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        home = folder / "home"
        try:
            with (
                running_server(home) as url,
                _simulators(folder) as simulators,
                open_platform(home, url, None, SystemClock()) as platform,
            ):
                bring_up_to_date(platform.database, PROJECT_ROOT)
                yield Stage(platform, simulators, _environment(home, url))
        finally:
            discard(home)


def _environment(home: Path, url: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {
        **kept,
        "PYTHONPATH": str(PROJECT_ROOT),
        "SYNKRO_HOME": str(home),
        "SYNKRO_DATABASE_URL": url,
    }


@contextmanager
def _simulators(folder: Path) -> Iterator[Simulators]:
    port = free_port()
    program = "from synkro_assets.cli import main; main()"
    with (folder / "simulators.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", program, "simulators", "--port", str(port)],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(PROJECT_ROOT)},
            stdout=log,
            stderr=log,
        )
    try:
        found = Simulators(f"http://127.0.0.1:{port}")
        await_answer(f"{found.url}/control/healthz", process)
        found.ask("POST", "limits", {"enabled": False})
        yield found
    finally:
        process.terminate()
        process.wait(15)


def free_port() -> int:
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def await_answer(
    url: str, process: subprocess.Popen[bytes], seconds: float = _START_SECONDS
) -> None:
    """Wait until a server that was just started answers."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            if process.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def await_port(port: int, process: subprocess.Popen[bytes], seconds: float) -> None:
    """Wait until a server that was just started listens."""
    deadline = time.monotonic() + seconds
    while True:
        with socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process.poll() is not None or time.monotonic() > deadline:
            raise TimeoutError(f"nothing listens on port {port}")
        time.sleep(0.1)
