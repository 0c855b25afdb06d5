"""Every sealed secret of the database, whichever table holds it: for sealing them anew.

What lives here: which columns are sealed, reading them page by page, and replacing one value under
its row's lock. Keys and envelopes are ``key_ring``; what the secrets are for is the module of each
table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

import psycopg
from psycopg import sql

from synkro_assets.domain.tenant import TenantSlug
from synkro_assets.storage.database import Connection, scalar

# A run may hold a row for as long as a provider takes to hand out a new token.
LONGEST_WAIT = "10s"


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A column of envelopes in a table keyed by ``tenant_id`` and ``kind``, which they name."""

    schema: str
    table: str
    column: str

    def names(self) -> dict[str, sql.Composable]:
        """The parts of a query on this column."""
        return {
            "table": sql.Identifier(self.schema, self.table),
            "column": sql.Identifier(self.column),
        }


SEALED_COLUMNS = (SealedColumn("app", "integration_configs", "secret_data_encrypted"),)


@dataclass(frozen=True, slots=True)
class SealedSecret:
    """One envelope as it was read, and whose it is."""

    column: SealedColumn
    tenant_id: UUID
    slug: TenantSlug
    kind: str
    token: str = field(repr=False)

    @property
    def owner(self) -> str:
        """The tenant's name for people, used in errors."""
        return f"tenant {self.slug}"


class Outcome(StrEnum):
    """What became of one sealed secret."""

    RESEALED = "resealed"
    ALREADY_NEW = "already_new"
    OLDER = "older"
    UNREADABLE = "unreadable"
    LOCKED = "locked"
    REMOVED = "removed"


# The audit log tells a rotation from a change of settings by this hint.
_SETTINGS = (
    "select set_config('lock_timeout', %s, true), "
    "set_config('app.audit_action', 'secrets.rotated', true)"
)
_LOCK = sql.SQL(
    "select {column} as token from {table} where tenant_id = %s and kind = %s for update"
)
_REPLACE = sql.SQL("update {table} set {column} = %s where tenant_id = %s and kind = %s")


def count_secrets(connection: Connection, column: SealedColumn) -> int:
    """How many envelopes a column holds."""
    query = sql.SQL("select count(*) from {table} where {column} is not null")
    return int(scalar(connection.execute(query.format(**column.names())).fetchone()))


def secrets_after(
    connection: Connection, column: SealedColumn, last: SealedSecret | None, limit: int
) -> list[SealedSecret]:
    """The next envelopes of a column, in the order of its key; ``last`` None for the first."""
    query = sql.SQL(
        "select tenant_id, slug, kind, {column} as token from {table} "
        "join app.tenants using (tenant_id) where {column} is not null "
        "and (%(tenant)s::uuid is null or (tenant_id, kind) > (%(tenant)s, %(kind)s::text)) "
        "order by tenant_id, kind limit %(limit)s"
    )
    key = {"tenant": last and last.tenant_id, "kind": last and last.kind, "limit": limit}
    rows = connection.execute(query.format(**column.names()), key)
    return [SealedSecret(column, **row) for row in rows]


def reseal(
    connection: Connection, secret: SealedSecret, change: Callable[[str], str | None]
) -> Outcome:
    """Replace one envelope by what ``change`` makes of it; None leaves it as it is.

    ``change`` gets the value as it stands under the row's lock, so that nothing saved since it was
    read is lost. In autocommit mode this is one short transaction.
    """
    names, key = secret.column.names(), [secret.tenant_id, secret.kind]
    try:
        with connection.transaction():
            connection.execute(_SETTINGS, [LONGEST_WAIT])
            row = connection.execute(_LOCK.format(**names), key).fetchone()
            if row is None or row["token"] is None:
                return Outcome.REMOVED
            token = change(row["token"])
            if token is None:
                return Outcome.ALREADY_NEW
            connection.execute(_REPLACE.format(**names), [token, *key])
            return Outcome.RESEALED
    except psycopg.errors.LockNotAvailable:
        return Outcome.LOCKED
