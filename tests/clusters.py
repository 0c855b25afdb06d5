"""PostgreSQL servers of a test's own, for what concerns a whole server: its roles and their makers.

What lives here: a server with nothing in it. Databases on the session's shared server are
``databases``.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from synkro_assets.storage.embedded_server import discard, running_server
from tests.databases import SERVER_VARIABLE, server_folder


@contextmanager
def fresh_server(like: str) -> Iterator[str]:
    """The URL of a superuser on a new server of the version that serves ``like``."""
    with server_folder() as folder:
        if os.environ.get(SERVER_VARIABLE):
            with _server_of(_programs(like), folder) as url:
                yield url
        else:
            with running_server(folder / "home") as url:
                yield url
            discard(folder / "home")


def _programs(url: str) -> Path:
    with psycopg.connect(url) as connection:
        row = connection.execute("select setting from pg_config where name = 'BINDIR'").fetchone()
    assert row is not None
    assert (Path(row[0]) / "initdb").exists(), "the server's own initdb is on another machine"
    return Path(row[0])


@contextmanager
def _server_of(programs: Path, folder: Path) -> Iterator[str]:
    """A server of these programs; root may not run them, so the packaged user does then."""
    user = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
    if user:
        shutil.chown(folder, **user)
    password = folder / "password"
    password.write_text(secrets.token_hex(12))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def control(program: str, *arguments: str) -> None:
        subprocess.run(
            [programs / program, "-D", folder / "data", *arguments],
            cwd=folder, stdout=subprocess.DEVNULL, check=True, timeout=60, **user,  # type: ignore[call-overload]  # a user or none
        )  # fmt: skip

    control("initdb", "-U", "root", "--auth=scram-sha-256", f"--pwfile={password}")
    options = f"-p {port} -k '' -c listen_addresses=127.0.0.1 -c fsync=off"
    control("pg_ctl", "-w", "-l", str(folder / "log"), "-o", options, "start")
    try:
        yield f"postgresql://root:{password.read_text()}@127.0.0.1:{port}/postgres"
    finally:
        control("pg_ctl", "-w", "-m", "immediate", "stop")
