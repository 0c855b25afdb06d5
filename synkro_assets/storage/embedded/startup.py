"""Starting the server on its data directory and making sure that it answers.

The data directory is made in ``cluster``; finding and stopping a server is in ``postmaster``.
"""

import re
import shlex
import socket

import psycopg

from synkro_assets.storage.embedded.cluster import SUPERUSER, ensure_cluster, read_password
from synkro_assets.storage.embedded.failure import EmbeddedServerFailed
from synkro_assets.storage.embedded.postmaster import (
    Postmaster,
    find_postmaster,
    forget_dead_postmaster,
)
from synkro_assets.storage.embedded.processes import wait_until
from synkro_assets.storage.embedded.site import Site

HOST = "127.0.0.1"
DATABASE = "synkro"
LOG_FILE = "server.log"
LOG_LINES_SHOWN = 5
START_ATTEMPTS = 3
START_SECONDS = 100
# Fit for a small desktop. Nothing replicates from here, so WAL holds only what a crash needs;
# fsync stays on, because people keep their data in it.
SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "shared_buffers": "128MB",
    "max_connections": "200",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


def ensure_running(site: Site) -> tuple[Postmaster, str]:
    """The server and its address, started if need be; call with the lock held."""
    server = _settled_server(site)
    if server is None:
        ensure_cluster(site)
        forget_dead_postmaster(site.data)
        password = read_password(site)
        server = _start(site)
    else:
        password = read_password(site)
    _ensure_database(site, server, password)
    return server, f"postgresql://{SUPERUSER}:{password}@{HOST}:{server.port}/{DATABASE}"


def _settled_server(site: Site) -> Postmaster | None:
    """The server once it is neither starting nor stopping; None when there is none."""

    def is_settled() -> bool:
        server = find_postmaster(site.data)
        return server is None or server.status == "ready"

    if not wait_until(is_settled, START_SECONDS):
        raise EmbeddedServerFailed(f"the server does not become ready: {_log_tail(site)}")
    return find_postmaster(site.data)


def _start(site: Site) -> Postmaster:
    log = site.data / LOG_FILE
    for _ in range(START_ATTEMPTS):
        if log.exists():
            log.replace(site.data / f"{LOG_FILE}.previous")
        port = _free_port(_last_port(site))
        settings = " ".join(shlex.quote(f"-c{name}={value}") for name, value in SETTINGS.items())
        # Relative paths, since pg_ctl hands them to a shell, where a "$" would be expanded.
        command = [str(site.binaries.program("pg_ctl")), "start", "--wait", "--silent"]
        command += [f"--timeout={START_SECONDS}", f"--pgdata={site.data.name}"]
        command += [f"--log={site.data.name}/{LOG_FILE}", f"--options=-p {port} {settings}"]
        result = site.account.run(command, site.folder)
        server = find_postmaster(site.data)
        if result.returncode == 0 and server is not None:
            return server
        if _is_free(port) and "shared memory block" not in _log_tail(site):
            break
    complaint = " ".join(result.stdout.decode(errors="replace").split())
    raise EmbeddedServerFailed(
        f"PostgreSQL does not start in {site.data}: {_log_tail(site) or complaint}"
    )


def _ensure_database(site: Site, server: Postmaster, password: str) -> None:
    """Connect as callers will, and create the database when it is not there."""
    try:
        try:
            _connect(server.port, password, DATABASE).close()
        except psycopg.OperationalError as error:
            if f'database "{DATABASE}" does not exist' not in str(error):
                raise
            with _connect(server.port, password, "postgres") as connection:
                connection.execute(f"create database {DATABASE}")
    except psycopg.Error as error:
        reason = " ".join(str(error).split())
        raise EmbeddedServerFailed(
            f"the server on port {server.port} refuses the connection: {reason}; "
            f"see {site.data / LOG_FILE} and {site.password_file}"
        ) from error


def _connect(port: int, password: str, database: str) -> psycopg.Connection:
    return psycopg.connect(
        host=HOST,
        port=port,
        user=SUPERUSER,
        password=password,
        dbname=database,
        connect_timeout=10,
        sslmode="disable",
        autocommit=True,
    )


def _last_port(site: Site) -> int:
    """The port of the previous start, from the file in which PostgreSQL keeps its options."""
    try:
        options = (site.data / "postmaster.opts").read_text(errors="replace")
    except OSError:
        return 0
    match = re.search(r'"-p" "(\d+)"', options)
    return int(match[1]) if match else 0


def _free_port(preferred: int) -> int:
    if preferred and _is_free(preferred):
        return preferred
    with socket.create_server((HOST, 0)) as listener:
        return int(listener.getsockname()[1])


def _is_free(port: int) -> bool:
    try:
        socket.create_server((HOST, port)).close()
    except (OSError, OverflowError):
        return False
    return True


def _log_tail(site: Site) -> str:
    try:
        content = (site.data / LOG_FILE).read_bytes()
    except OSError:
        return ""
    lines = content.decode(errors="replace").strip().splitlines()
    return " | ".join(lines[-LOG_LINES_SHOWN:])
