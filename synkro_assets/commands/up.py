"""``synkro up``: database, code server, daemon and Dagit on this machine, until Ctrl-C.

What lives here: starting, watching and stopping the processes. What they serve is ``definitions``;
the database is already there when this begins.
"""

from __future__ import annotations

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
from synkro_assets.commands.demo import COMPANIES, prepared_tenants
from synkro_assets.commands.services import Address, ServiceName, service_command
from synkro_assets.commands.simulators import simulators
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


@dataclass(frozen=True, slots=True)
class Service:
    """A process of the platform and how to see that it is ready."""

    name: str
    command: list[str]
    is_ready: Callable[[], bool]


class _Stopped(Exception):
    """Somebody asked the platform to stop."""


def run_up(settings: Settings, platform: Platform, *, port: int, with_demo: bool) -> None:
    """Run everything until Ctrl-C; raises WorkFailed when a process ends by itself."""
    _require_free(port, "--port")
    _require_free(settings.code_server_port, "SYNKRO_CODE_SERVER_PORT")
    may_parse = not settings.is_production
    bring_up_to_date(platform.database, PROJECT_ROOT, say, may_parse=may_parse)
    with ExitStack() as stack:
        stack.enter_context(_stoppable())
        try:
            if with_demo:
                _start_demo(stack, settings, platform)
            _register_tenants(settings, platform)
            log_folder = prepare_dagster_home(settings) / "logs"
            log_folder.mkdir(exist_ok=True)
            processes = [
                (service, stack.enter_context(_running(service, settings, platform, log_folder)))
                for service in _services(settings, port)
            ]
            say(f"Dagit: http://{HOST}:{port} (Ctrl-C stops everything)", style="bold green")
            _watch(processes, log_folder)
        except _Stopped:
            say("stopping")


def _start_demo(stack: ExitStack, settings: Settings, platform: Platform) -> None:
    control = stack.enter_context(simulators(settings.home / "simulators"))
    for tenant, day in prepared_tenants(platform, control, COMPANIES[:2]):
        say(f"tenant {tenant.slug} has a simulated day: {day}")
    say(f"simulators: {control.url}/control/")


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


@contextmanager
def _running(
    service: Service, settings: Settings, platform: Platform, log_folder: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """A service's process from ready to gone; its output goes to a log file."""
    log = _log_file(service, log_folder)
    with log.open("wb") as output:
        process = subprocess.Popen(
            service.command,
            cwd=PROJECT_ROOT,
            env=child_environment(settings, platform.database.url),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # Ctrl-C reaches this process only, which stops the services in order.
            start_new_session=True,
        )
    try:
        with busy(f"starting the {service.name}"):
            _await_ready(service, process, log)
        say(f"{service.name} is up")
        yield process
    finally:
        _stop(process)


def _await_ready(service: Service, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not service.is_ready():
        if process.poll() is not None:
            raise WorkFailed(_ended(service, process, log))
        if time.monotonic() > deadline:
            raise WorkFailed(
                f"the {service.name} did not start in {START_SECONDS:.0f} s: see {log}"
            )
        time.sleep(WATCH_SECONDS)


def _watch(processes: list[tuple[Service, subprocess.Popen[bytes]]], log_folder: Path) -> None:
    """Return never: raise when a service ends; Ctrl-C raises on its own."""
    while True:
        for service, process in processes:
            if process.poll() is not None:
                raise WorkFailed(_ended(service, process, _log_file(service, log_folder)))
        time.sleep(WATCH_SECONDS)


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


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


def _ended(service: Service, process: subprocess.Popen[bytes], log: Path) -> str:
    return f"the {service.name} ended by itself (exit code {process.returncode}): see {log}"


def _log_file(service: Service, folder: Path) -> Path:
    return folder / f"{service.name.lower().replace(' ', '-')}.log"


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
