"""Compose's services as plain processes of this machine: their commands, environment and checks.

What lives here: starting, checking and stopping them as Compose would, and the one mapping from
what is in a container to what is here. What they should do is ``test_compose_services``.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from synkro_assets.settings import PROJECT_ROOT
from synkro_assets.storage.embedded.binaries import installed_binaries

START_SECONDS = 120.0
STOP_SECONDS = 30.0


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def path_with_programs() -> str:
    """The image's PATH, here: this Python with its scripts, and PostgreSQL's client programs."""
    folders = [Path(sys.executable).parent, installed_binaries().program("pg_isready").parent]
    return os.pathsep.join([*map(str, folders), os.environ["PATH"]])


@dataclass
class Machine:
    """The services of a resolved compose file, run here.

    ``words`` maps whole arguments, ``variables`` replaces variables of the environment by name;
    everything else is taken as written. ``project`` is what the image has at its WORKDIR.
    """

    services: dict[str, dict[str, Any]]
    words: dict[str, str]
    variables: dict[str, str]
    logs: Path
    postgres_port: int
    project: Path = PROJECT_ROOT
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def environment(self, name: str) -> dict[str, str]:
        """What a service finds in its environment."""
        written = self.services[name]["environment"]
        mapped = {variable: self.variables.get(variable, written[variable]) for variable in written}
        return {
            "PATH": path_with_programs(),
            "PYTHONPATH": str(self.project),
            "PGPORT": str(self.postgres_port),
            **mapped,
        }

    def start(self, *names: str) -> None:
        """Start services at once, when all they depend on is as the file asks."""
        for name in names:
            for other, wanted in self.services[name]["depends_on"].items():
                self._await(other, wanted["condition"])
        for name in names:
            self.launch(name)

    def launch(self, name: str) -> subprocess.Popen[bytes]:
        """Start a service by itself."""
        with self._log(name).open("wb") as output:
            self.running[name] = subprocess.Popen(
                self._mapped(self.services[name]["command"]),
                env=self.environment(name),
                cwd=self.project,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self.running[name]

    def check(self, name: str) -> subprocess.CompletedProcess[str]:
        """Run a service's healthcheck once."""
        kind, *command = self.services[name]["healthcheck"]["test"]
        assert kind == "CMD"
        return subprocess.run(
            self._mapped(command),
            env=self.environment(name),
            cwd=self.project,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    def await_health(self, name: str) -> None:
        """Wait until a service's own check passes; fail when it ends or takes too long."""
        deadline = time.monotonic() + START_SECONDS
        while (checked := self.check(name)).returncode != 0:
            process = self.running.get(name)
            assert process is None or process.poll() is None, self.said(name)
            assert time.monotonic() < deadline, f"{name}: {checked.stdout}{checked.stderr}"

    def said(self, name: str) -> str:
        """All a service printed."""
        return self._log(name).read_text(encoding="utf-8", errors="replace")

    def processes(self, name: str) -> list[psutil.Process]:
        """A service's process and everything it started."""
        top = psutil.Process(self.running[name].pid)
        return [top, *top.children(recursive=True)]

    def stop(self, name: str) -> int:
        """Ask a service to end as `docker stop` does; its exit code, when all of it is gone."""
        process = self.running[name]
        everything = self.processes(name) if process.poll() is None else []
        del self.running[name]
        if everything:
            process.send_signal(signal.SIGTERM)
        try:
            code = process.wait(STOP_SECONDS)
            _, left = psutil.wait_procs(everything, timeout=STOP_SECONDS)
            assert not left, f"{name} left {left}"
        finally:
            for each in [each for each in everything if each.is_running()]:
                each.kill()
        return code

    def stop_all(self) -> dict[str, int]:
        """Stop what runs, the last one first."""
        return {name: self.stop(name) for name in reversed(list(self.running))}

    def _await(self, name: str, condition: str) -> None:
        if condition == "service_healthy":
            self.await_health(name)
            return
        assert condition == "service_completed_successfully", condition
        assert self.running[name].wait(START_SECONDS) == 0, self.said(name)

    def _mapped(self, command: list[str]) -> list[str]:
        program, *arguments = [self.words.get(word, word) for word in command]
        found = shutil.which(program, path=path_with_programs())
        assert found, f"{program} is not installed here"
        return [found, *arguments]

    def _log(self, name: str) -> Path:
        return self.logs / f"{name}.log"
