"""``synkro up``: database, code server, daemon and Dagit on this machine, until Ctrl-C.

What lives here: starting, watching, restarting and stopping the processes. What they serve is
``definitions``; the database is already there when this begins.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from synkro_assets.commands.dagster_runs import dagster_instance, prepare_dagster_home
from synkro_assets.commands.demo_stage import demo_stage
from synkro_assets.commands.services import Address, ServiceName, service_command
from synkro_assets.commands.terminal import busy, say
from synkro_assets.domain.errors import UsageProblem, WorkFailed
from synkro_assets.operations.platform import Platform
from synkro_assets.operations.setup import bring_up_to_date
from synkro_assets.operations.tenant_config import list_tenants
from synkro_assets.settings import PROJECT_ROOT, Settings, child_environment

HOST = "127.0.0.1"
START_SECONDS = 120.0
STOP_SECONDS = 15.0
WATCH_SECONDS = 0.5
MAX_RESTARTS = 5
RESTART_WINDOW_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Service:
    """A process of the platform and how to see that it is ready."""

    name: str
    command: list[str]
    is_ready: Callable[[], bool]


class _Stopped(Exception):
    """Somebody asked the platform to stop."""


def run_up(
    settings: Settings, platform: Platform, *, port: int, with_demo: bool, rate: float = 1.0
) -> None:
    """Run everything until Ctrl-C; raises WorkFailed when a process keeps ending by itself."""
    _require_free(port, "--port")
    _require_free(settings.code_server_port, "SYNKRO_CODE_SERVER_PORT")
    may_parse = not settings.is_production
    bring_up_to_date(platform.database, PROJECT_ROOT, say, may_parse=may_parse)
    with ExitStack() as stack:
        stack.enter_context(_stoppable())
        try:
            if with_demo:
                stage = demo_stage(settings, platform, rate=rate)
                settings, platform = stack.enter_context(stage)
            _register_tenants(settings, platform)
            services = _services(settings, port)
            running = stack.enter_context(_supervised(services, settings, platform))
            say(f"Dagit: http://{HOST}:{port} (Ctrl-C stops everything)", style="bold green")
            _watch(running)
        except _Stopped:
            say("stopping")


def _register_tenants(settings: Settings, platform: Platform) -> None:
    """Give every tenant its partition, and Dagster's storage its tables, before anyone asks."""
    with busy("preparing Dagster"), dagster_instance(settings, platform.database.url) as instance:
        from synkro_assets.partitions import register_tenants

        register_tenants(instance, [tenant.slug for tenant in list_tenants(platform)])


def _services(settings: Settings, port: int) -> list[Service]:
    code_server = Address(HOST, settings.code_server_port)
    dagit = Address(HOST, port)
    return [
        Service(
            "code server",
            service_command(ServiceName.CODE_SERVER, code_server, reloads_code=True),
            lambda: _is_listening(code_server.port),
        ),
        Service("daemon", service_command(ServiceName.DAEMON, Address()), lambda: True),
        Service(
            "Dagit",
            service_command(ServiceName.WEBSERVER, dagit),
            lambda: _answers(f"http://{HOST}:{port}/server_info"),
        ),
    ]


class _Supervised:
    """A service that is started again when it ends by itself, a few times."""

    def __init__(self, service: Service, environment: dict[str, str], log_folder: Path) -> None:
        self.service = service
        self.log = log_folder / f"{service.name.lower().replace(' ', '-')}.log"
        self._environment = environment
        self._starts: list[float] = []
        self._groups: list[int] = []
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process and wait until it is ready; raises WorkFailed when it never is."""
        self._starts.append(time.monotonic())
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                self.service.command,
                cwd=PROJECT_ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Ctrl-C reaches this process only, which stops the services in order.
                start_new_session=True,
            )
        self._groups.append(self._process.pid)
        with busy(f"starting the {self.service.name}"):
            self._await_ready(self._process)
        say(f"{self.service.name} is up")

    def look(self) -> None:
        """Start the process again if it has ended; raises WorkFailed when that goes on."""
        process = self._process
        if process is None or process.poll() is None:
            return
        ended = self._ended(process)
        recent = [at for at in self._starts if at > time.monotonic() - RESTART_WINDOW_SECONDS]
        if len(recent) > MAX_RESTARTS:
            raise WorkFailed(f"{ended}, {MAX_RESTARTS} times in a row")
        say(f"{ended}; starting it again", style="yellow")
        self.start()

    def stop(self) -> None:
        """End the process, and what an earlier one that was killed left behind."""
        process = self._process
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for group in self._groups:
            try:
                os.killpg(group, signal.SIGTERM)
            except ProcessLookupError:
                continue

    def _await_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self.service.is_ready():
            if process.poll() is not None:
                raise WorkFailed(self._ended(process))
            if time.monotonic() > deadline:
                raise WorkFailed(
                    f"the {self.service.name} did not start in {START_SECONDS:.0f} s: "
                    f"see {self.log}"
                )
            time.sleep(WATCH_SECONDS)

    def _ended(self, process: subprocess.Popen[bytes]) -> str:
        name = self.service.name
        return f"the {name} ended by itself (exit code {process.returncode}): see {self.log}"


@contextmanager
def _supervised(
    services: list[Service], settings: Settings, platform: Platform
) -> Iterator[list[_Supervised]]:
    """The services from ready to gone, started in order and stopped in reverse."""
    log_folder = prepare_dagster_home(settings) / "logs"
    log_folder.mkdir(exist_ok=True)
    environment = child_environment(settings, platform.database.url)
    with ExitStack() as stack:
        running = []
        for service in services:
            supervised = _Supervised(service, environment, log_folder)
            supervised.log.unlink(missing_ok=True)
            stack.callback(supervised.stop)
            supervised.start()
            running.append(supervised)
        yield running


def _watch(running: list[_Supervised]) -> None:
    """Return never: what ended is started again; Ctrl-C raises on its own."""
    while True:
        for each in running:
            each.look()
        time.sleep(WATCH_SECONDS)


@contextmanager
def _stoppable() -> Iterator[None]:
    """Ctrl-C and SIGTERM both raise _Stopped, once; what comes later does not cut the stopping."""

    def stop(number: int, frame: FrameType | None) -> None:
        for each in before:
            signal.signal(each, signal.SIG_IGN)
        raise _Stopped

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _require_free(port: int, option: str) -> None:
    """Refuse a port that is taken: a second code server on it would answer half the calls."""
    if _is_listening(port):
        raise UsageProblem(f"port {port} is in use by another program: choose another ({option})")


def _is_listening(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except (urllib.error.URLError, OSError):
        return False
