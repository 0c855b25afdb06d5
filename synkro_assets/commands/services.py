"""Dagster's long-running processes: how each is started, and how it is seen to be well.

What lives here: their commands, the same under ``synkro up`` and in containers, and
``python -m synkro_assets.commands.services NAME``, which becomes that process in the environment
``synkro up`` would give it. Watching several at once is ``up``; the containers are
``docker-compose.yml``.
"""

from __future__ import annotations

import argparse
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NoReturn

from synkro_assets.commands.dagster_runs import prepare_dagster_home
from synkro_assets.commands.terminal import say
from synkro_assets.domain.errors import SynkroError, UsageProblem, WorkFailed
from synkro_assets.settings import (
    PROJECT_ROOT,
    Settings,
    child_environment,
    load_settings,
    platform,
)

LOOPBACK = "127.0.0.1"
WEBSERVER_PORT = 3000
ANSWER_SECONDS = 10

# Dagster itself waits half an hour before it calls a silent daemon dead.
SILENT_DAEMON_SECONDS = 600

_LAZY = "--lazy-load-user-code"


class ServiceName(StrEnum):
    CODE_SERVER = "code-server"
    DAEMON = "daemon"
    WEBSERVER = "webserver"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a service listens; the daemon does not."""

    host: str = LOOPBACK
    port: int = WEBSERVER_PORT
    path_prefix: str = ""


def service_command(
    name: ServiceName, address: Address, *, reloads_code: bool = False
) -> list[str]:
    """The process of a service; what it connects to comes from its environment.

    With ``reloads_code`` Dagit can make the code server load changed code. Asked to end, that one
    gives its runs 30 s; without it the code server ends when its runs have ended.
    """
    python = [sys.executable, "-m"]
    workspace = ["-w", str(PROJECT_ROOT / "workspace.yaml")]
    listen = ["-h", address.host, "-p", str(address.port)]
    if name is ServiceName.CODE_SERVER:
        # Lazily: code that does not load is told in Dagit and by the check, not by a crash.
        server = ["code-server", "start"] if reloads_code else ["api", "grpc", _LAZY]
        return [*python, "dagster", *server, "-m", "synkro_assets.definitions", *listen]
    if name is ServiceName.DAEMON:
        return [*python, "dagster._daemon", "run", *workspace]
    prefix = ["--path-prefix", address.path_prefix] if address.path_prefix else []
    return [*python, "dagster_webserver", *listen, *prefix, *workspace]


def become(command: list[str], settings: Settings, **more: str) -> NoReturn:
    """Replace this process by a command of Dagster's in the environment of this installation.

    The command gets this very process id, so a signal from outside reaches it directly.
    """
    if settings.database_url is None:
        raise UsageProblem(
            "SYNKRO_DATABASE_URL is required to run one service by itself: without it the "
            "embedded database serves 'synkro up' only"
        )
    with platform(settings) as opened:
        prepare_dagster_home(settings)
        environment = child_environment(settings, opened.database.url)
    os.chdir(PROJECT_ROOT)
    os.execve(command[0], command, environment | more)


def check(name: ServiceName, settings: Settings, address: Address) -> None:
    """Raise WorkFailed unless the service does its work now."""
    if name is ServiceName.CODE_SERVER:
        _require_loaded_code(settings)
    elif name is ServiceName.DAEMON:
        become(
            [sys.executable, "-m", "dagster._daemon", "liveness-check"],
            settings,
            DAGSTER_DAEMON_HEARTBEAT_TOLERANCE=str(SILENT_DAEMON_SECONDS),
        )
    else:
        _require_answer(f"http://{LOOPBACK}:{address.port}{address.path_prefix}/server_info")


def _require_loaded_code(settings: Settings) -> None:
    """Ask for the definitions where Dagit and the daemon will: a server whose code does not load
    passes gRPC's own health check."""
    from dagster._core.errors import DagsterUserCodeUnreachableError
    from dagster._grpc.client import DagsterGrpcClient
    from dagster._serdes import deserialize_value
    from dagster_shared.error import SerializableErrorInfo

    where = f"{settings.code_server_host}:{settings.code_server_port}"
    client = DagsterGrpcClient(port=settings.code_server_port, host=settings.code_server_host)
    try:
        answer = deserialize_value(client.list_repositories())
    except DagsterUserCodeUnreachableError:
        raise WorkFailed(f"no code server answers at {where}") from None
    if isinstance(answer, SerializableErrorInfo):
        cause = answer
        while cause.cause is not None:
            cause = cause.cause
        raise WorkFailed(f"the code does not load: {' '.join(cause.message.split())}")


def _require_answer(url: str) -> None:
    try:
        with urllib.request.urlopen(url, timeout=ANSWER_SECONDS):
            return
    except (urllib.error.URLError, OSError) as problem:
        raise WorkFailed(f"no answer from {url}: {problem}") from None


def _arguments(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m synkro_assets.commands.services",
        description="Become one of Dagster's processes, or check that it is well.",
    )
    parser.add_argument("name", choices=list(ServiceName), type=ServiceName)
    parser.add_argument("--host", default=LOOPBACK, help="where to listen")
    parser.add_argument("--port", default=WEBSERVER_PORT, type=int, help="the webserver's port")
    parser.add_argument("--path-prefix", default="", help="the webserver's path, such as /dagit")
    parser.add_argument("--check", action="store_true", help="exit 1 unless it does its work")
    return parser.parse_args(words)


def _run(words: Sequence[str]) -> None:
    asked = _arguments(words)
    settings = load_settings()
    if asked.check:
        check(asked.name, settings, Address(asked.host, asked.port, asked.path_prefix))
        return
    is_code_server = asked.name is ServiceName.CODE_SERVER
    port = settings.code_server_port if is_code_server else asked.port
    become(service_command(asked.name, Address(asked.host, port, asked.path_prefix)), settings)


def main() -> None:
    """Run one service or its check; a refusal is one line and an exit code, as ``synkro``'s."""
    try:
        _run(sys.argv[1:])
    except SynkroError as problem:
        say(f"synkro: {problem}", style="red")
        sys.exit(2 if isinstance(problem, UsageProblem) else 1)


if __name__ == "__main__":
    main()
