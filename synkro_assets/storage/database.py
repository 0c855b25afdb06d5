"""Connections and transactions to the platform database.

What lives here: opening a connection, what its failures mean, and the tenant of a transaction.
What is asked inside a transaction lives in the module of that group of tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import DictRow, dict_row

from synkro_assets.domain.errors import DatabaseTooOld, DatabaseUnavailable
from synkro_assets.storage.connection_urls import described

Connection = psycopg.Connection[DictRow]

OLDEST_SUPPORTED = 15


class Database:
    """The platform database behind one URL; each transaction opens its own connection."""

    def __init__(self, url: str) -> None:
        self.url = url

    def __repr__(self) -> str:
        return f"Database({described(self.url)})"

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction over the whole platform; commits when the block ends well."""
        with self._connection() as connection, connection.transaction():
            yield connection

    @contextmanager
    def tenant_transaction(self, tenant_id: UUID) -> Iterator[Connection]:
        """A transaction in the name of one tenant (``app.tenant_id`` is set for its length)."""
        with self.transaction() as connection:
            connection.execute("select set_config('app.tenant_id', %s, true)", [str(tenant_id)])
            yield connection

    @contextmanager
    def session(self) -> Iterator[Connection]:
        """A connection in autocommit mode, for what must outlive a transaction (advisory locks)."""
        with self._connection() as connection:
            yield connection

    @contextmanager
    def tenant_session(self, tenant_id: UUID) -> Iterator[Connection]:
        """A connection in autocommit mode in the name of one tenant, for many small statements."""
        with self.session() as connection:
            connection.execute("select set_config('app.tenant_id', %s, false)", [str(tenant_id)])
            yield connection

    def server_version(self) -> str:
        """The server's version for people, such as ``18.6``."""
        with self._connection() as connection:
            row = connection.execute("show server_version").fetchone()
            assert row is not None
            return str(row["server_version"]).split()[0]

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        connection = self._connect()
        try:
            yield connection
        except (psycopg.errors.AdminShutdown, psycopg.errors.CrashShutdown) as problem:
            raise DatabaseUnavailable(
                f"the database {described(self.url)} went away during the work: start it and "
                "run the command again"
            ) from problem
        except psycopg.OperationalError as problem:
            if connection.closed:
                raise DatabaseUnavailable(
                    f"the connection to the database {described(self.url)} broke during the work: "
                    "run the command again"
                ) from problem
            raise
        finally:
            connection.close()

    def _connect(self) -> Connection:
        try:
            connection = psycopg.connect(
                self.url,
                autocommit=True,
                row_factory=dict_row,
                connect_timeout=10,
                application_name="synkro",
            )
        except psycopg.OperationalError as problem:
            raise DatabaseUnavailable(self._why_unreachable(problem)) from None
        version = connection.info.server_version
        if version < OLDEST_SUPPORTED * 10000:
            connection.close()
            raise DatabaseTooOld(
                f"the database {described(self.url)} is PostgreSQL {version // 10000}: "
                f"Synkro needs {OLDEST_SUPPORTED} or newer"
            )
        return connection

    def _why_unreachable(self, problem: psycopg.OperationalError) -> str:
        text = " ".join(str(problem).split())
        where = described(self.url)
        if "authentication failed" in text or "no password supplied" in text:
            return f"the database {where} refused the user or password of SYNKRO_DATABASE_URL"
        if "does not exist" in text:
            return f"the database {where} does not exist: create it or mend SYNKRO_DATABASE_URL"
        if "too many clients" in text or "remaining connection slots" in text:
            return f"the database {where} has no free connection: raise max_connections"
        return f"the database {where} does not answer: start it or mend SYNKRO_DATABASE_URL"


def scalar(row: dict[str, Any] | None) -> Any:
    """The only column of a row that must be there."""
    if row is None:
        raise LookupError("the query returned no row")
    (value,) = row.values()
    return value
