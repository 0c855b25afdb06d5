"""Connections and transactions to the platform database.

What lives here: opening a connection, what its failures mean, and in whose name a transaction
works: which role, which tenant, which actor. What is asked inside a transaction lives in the module
of that group of tables; what a role may do is decided in ``supabase/migrations``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import DictRow, dict_row

from synkro_assets.domain.errors import DatabaseTooOld, DatabaseUnavailable
from synkro_assets.storage.connection_urls import described
from synkro_assets.storage.kept_connections import KeptConnections

Connection = psycopg.Connection[DictRow]

OLDEST_SUPPORTED = 15

PIPELINE = "synkro_pipeline"
CONSOLE = "synkro_console"
TRANSFORMS = "synkro_dbt"

ALL_TENANTS = "*"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is at work, for the audit log: an e-mail, an operating-system user, a service."""

    name: str
    ip_address: str | None = None


class Database:
    """The platform database behind one URL; each transaction has its own connection."""

    def __init__(
        self, url: str, actor: Actor | None = None, kept: KeptConnections | None = None
    ) -> None:
        self.url = url
        self.actor = actor
        self._kept = kept

    def __repr__(self) -> str:
        return f"Database({described(self.url)})"

    def acting_as(self, actor: Actor) -> Database:
        """The same database, its changes recorded as ``actor``'s."""
        return Database(self.url, actor, self._kept)

    @contextmanager
    def keeping_connections(self) -> Iterator[Database]:
        """The same database, connections kept from one transaction to the next for the block."""
        kept = KeptConnections()
        try:
            yield Database(self.url, self.actor, kept)
        finally:
            kept.close()

    @contextmanager
    def tenant_transaction(
        self, tenant_id: UUID, *, is_beside: bool = False
    ) -> Iterator[Connection]:
        """A run's transaction: the pipeline's rights, and of all tenants' rows only this one's.

        A query without a ``where`` returns nothing of a neighbour. Commits if the block ends well.
        One that goes on beside others leaves them the connection that was kept.
        """
        with self._transaction_as(PIPELINE, str(tenant_id), is_beside=is_beside) as connection:
            yield connection

    @contextmanager
    def console_transaction(self, tenant_id: UUID | None = None) -> Iterator[Connection]:
        """A transaction with the console's rights, over one tenant or, without one, over all.

        Command line and sensors use it too, for settings and for what concerns every tenant.
        """
        scope = ALL_TENANTS if tenant_id is None else str(tenant_id)
        with self._transaction_as(CONSOLE, scope) as connection:
            yield connection

    @contextmanager
    def tenant_session(self, tenant_id: UUID) -> Iterator[Connection]:
        """A run's connection in autocommit mode, for many small statements of one tenant."""
        with self.owner_session() as connection:
            self._take(connection, PIPELINE, str(tenant_id), is_local=False)
            yield connection

    @contextmanager
    def console_session(self) -> Iterator[Connection]:
        """The console's connection over all tenants in autocommit mode, for many small changes."""
        with self.owner_session() as connection:
            self._take(connection, CONSOLE, ALL_TENANTS, is_local=False)
            yield connection

    @contextmanager
    def owner_session(self) -> Iterator[Connection]:
        """A connection with the login's own rights, in autocommit mode: for migrations only."""
        with self._connection() as connection:
            yield connection

    @contextmanager
    def _transaction_as(
        self, role: str, scope: str, *, is_beside: bool = False
    ) -> Iterator[Connection]:
        # What it takes ends with the transaction, and nothing else is set in one.
        opened = self._connection(self._kept, is_new=is_beside)
        with opened as connection, connection.transaction():
            self._take(connection, role, scope, is_local=True)
            yield connection

    def _take(self, connection: Connection, role: str, scope: str, *, is_local: bool) -> None:
        actor = self.actor or Actor("")
        settings = {
            "role": role,
            "app.tenant_id": scope,
            "app.actor": actor.name,
            "app.ip_address": actor.ip_address or "",
        }
        calls = ", ".join("set_config(%s, %s, %s)" for _ in settings)
        values = [part for pair in settings.items() for part in (*pair, is_local)]
        try:
            connection.execute(f"select {calls}".encode(), values)  # a fixed number of marks
        except psycopg.errors.InvalidParameterValue:
            raise DatabaseUnavailable(
                f"the database {described(self.url)} has no role {role}: run 'synkro migrate'"
            ) from None
        except psycopg.errors.InsufficientPrivilege:
            raise DatabaseUnavailable(
                f"the user of SYNKRO_DATABASE_URL may not act as {role}: let the owner of the "
                f"database {described(self.url)} run 'grant {role} to' that user"
            ) from None

    def server_version(self) -> str:
        """The server's version for people, such as ``18.6``."""
        with self._connection() as connection:
            row = connection.execute("show server_version").fetchone()
            assert row is not None
            return str(row["server_version"]).split()[0]

    @contextmanager
    def _connection(
        self, kept: KeptConnections | None = None, *, is_new: bool = False
    ) -> Iterator[Connection]:
        connection = (kept.take() if kept and not is_new else None) or self._connect()
        leave: Callable[[], None] = connection.close
        try:
            yield connection
            if kept:
                leave = partial(kept.put, connection)
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
            leave()

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
