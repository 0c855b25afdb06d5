"""Integration settings: ``app.integration_configs``; secrets go in and come out sealed.

What lives here: the rows. Opening a seal is ``key_ring``; what the fields mean is
``providers/catalog.py``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from synkro_assets.storage.database import Connection


@dataclass(frozen=True, slots=True)
class StoredIntegration:
    """One integration of a tenant, its secrets still sealed."""

    tenant_id: UUID
    kind: str
    public_data: dict[str, Any]
    sealed_secrets: str | None = field(repr=False)
    status: str
    last_error: str | None
    last_checked_at: datetime | None


_COLUMNS = (
    "tenant_id, kind, public_data, secret_data_encrypted as sealed_secrets, status, last_error, "
    "last_checked_at"
)


def save_integration(
    connection: Connection, tenant_id: UUID, kind: str, public: dict[str, Any], sealed: str
) -> None:
    """Replace an integration; it counts as unchecked again."""
    connection.execute(
        "insert into app.integration_configs (tenant_id, kind, public_data, secret_data_encrypted) "
        "values (%s, %s, %s, %s) on conflict (tenant_id, kind) do update "
        "set public_data = excluded.public_data, "
        "secret_data_encrypted = excluded.secret_data_encrypted, "
        "status = 'unchecked', last_error = null, last_checked_at = null",
        [tenant_id, kind, Jsonb(public), sealed],
    )


def integrations_of(connection: Connection, tenant_id: UUID) -> dict[str, StoredIntegration]:
    """A tenant's integrations by kind."""
    rows = connection.execute(
        f"select {_COLUMNS} from app.integration_configs where tenant_id = %s order by kind",  # noqa: S608 - a constant
        [tenant_id],
    )
    return {row["kind"]: StoredIntegration(**row) for row in rows}


def remove_integration(connection: Connection, tenant_id: UUID, kind: str) -> bool:
    """Forget an integration and its secrets; false when there was none."""
    done = connection.execute(
        "delete from app.integration_configs where tenant_id = %s and kind = %s", [tenant_id, kind]
    )
    return done.rowcount > 0


def record_check(
    connection: Connection, tenant_id: UUID, kind: str, error: str | None, checked_at: datetime
) -> None:
    """What a check found: no error means the integration works."""
    connection.execute(
        "update app.integration_configs set status = %s, last_error = %s, last_checked_at = %s "
        "where tenant_id = %s and kind = %s",
        ["error" if error else "ok", error, checked_at, tenant_id, kind],
    )
