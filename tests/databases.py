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

SERVER_VARIABLE = "SYNKRO_TEST_DATABASE_URL"


@contextmanager
def server() -> Iterator[str]:
    """A server where databases may be made: the one the environment names, or one of our own."""
    given = os.environ.get(SERVER_VARIABLE)
    if given:
        yield given
        return
    folder = Path(tempfile.mkdtemp(prefix="synkro-test-", dir="/tmp"))
    folder.chmod(0o755)
    home = folder / "home"
    try:
        with running_server(home) as url:
            hurry(url)
            yield url
    finally:
        discard(home)
        shutil.rmtree(folder)


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
