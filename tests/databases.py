"""Databases for tests: made from a template on a given server, dropped when the test ends.

What lives here: the server of a test session and its databases. Fixtures are ``conftest``.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql
from psycopg.rows import DictRow, dict_row

from synkro_assets.storage.database import Database
from synkro_assets.storage.embedded_server import discard, running_server

# Some times what the servers of two workers hold, most of it the log of what was written.
_ENOUGH_MEMORY = 6 * 1024**3
SERVER_VARIABLE = "SYNKRO_TEST_DATABASE_URL"


@contextmanager
def server() -> Iterator[str]:
    """A server where databases may be made: the one the environment names, or one of our own."""
    given = os.environ.get(SERVER_VARIABLE)
    if given:
        yield given
        return
    with server_folder() as folder:
        home = folder / "home"
        try:
            with running_server(home) as url:
                hurry(url)
                yield url
        finally:
            discard(home)


@contextmanager
def server_folder() -> Iterator[Path]:
    """A folder for a server whose databases come and go, removed afterwards."""
    folder = make_server_folder()
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def make_server_folder() -> Path:
    """A new folder in memory, where there is enough, else under ``/tmp``.

    A database is 800 files, and ext4 looks past each that was deleted in the last minutes before it
    makes another (``recently_deleted`` of its inodes): after some tests four fifths of their time.
    """
    in_memory = Path("/dev/shm")
    is_roomy = in_memory.is_dir() and shutil.disk_usage(in_memory).free >= _ENOUGH_MEMORY
    folder = Path(
        tempfile.mkdtemp(prefix="synkro-test-", dir=in_memory if is_roomy else Path("/tmp"))
    )
    folder.chmod(0o755)
    return folder


@contextmanager
def scratch_database(server_url: str, template: str | None = None) -> Iterator[str]:
    """The URL of a new database, a copy of ``template``'s where one is given."""
    name = f"synkro_test_{uuid.uuid4().hex[:12]}"
    made = sql.SQL("create database {}").format(sql.Identifier(name))
    if template is not None:
        made += sql.SQL(" template {}").format(sql.Identifier(database_name(template)))
    _on_server(server_url, made)
    try:
        yield with_database(server_url, name)
    finally:
        _on_server(
            server_url, sql.SQL("drop database {} with (force)").format(sql.Identifier(name))
        )


@contextmanager
def as_owner(database: Database) -> Iterator[psycopg.Connection[DictRow]]:
    """A transaction of the server's own user, which no wall stops: for planting and looking."""
    with psycopg.connect(database.url, row_factory=dict_row) as connection:
        yield connection


def disconnect_all(server_url: str, url: str) -> None:
    """End every connection to a database, so that it can serve as a template."""
    _on_server(
        server_url,
        sql.SQL("select pg_terminate_backend(pid) from pg_stat_activity where datname = {}").format(
            sql.Literal(database_name(url))
        ),
    )


def hurry(server_url: str) -> None:
    """No commit waits for the disk: nothing of a test has to outlive a power cut."""
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        _on_server(server_url, sql.SQL("alter system set {} = off").format(sql.Identifier(setting)))
    _on_server(server_url, sql.SQL("alter system set max_wal_size = '256MB'"))
    _on_server(server_url, sql.SQL("select pg_reload_conf()"))


def with_database(url: str, name: str) -> str:
    """The same server, another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def with_password(url: str, password: str) -> str:
    """The same database, asked for with another password."""
    parts = urlsplit(url)
    _, _, address = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{parts.username or 'postgres'}:{password}@{address}"))


def database_name(url: str) -> str:
    """The database a URL names."""
    return urlsplit(url).path.removeprefix("/")


def _on_server(server_url: str, statement: sql.Composable) -> None:
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(statement)


if __name__ == "__main__":
    print(make_server_folder())
