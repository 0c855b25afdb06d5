"""``public.integration_logs``: every exchange with a provider, and how its rows get there.

What lives here: the logger that clients are given (the ``ExchangeLog`` of ``domain/protocols.py``),
the statement that writes its rows, the cleanup. Queue and thread are ``background_rows``; what of a
payload may be kept is ``providers/payloads``; the proof that it all works,
``integration_log_proof``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import astuple, dataclass, fields
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

from synkro_assets.domain.protocols import Exchange
from synkro_assets.storage.background_rows import BackgroundRows
from synkro_assets.storage.database import Connection, Database, scalar
from synkro_assets.storage.jsonb import jsonb_text, storable

_LONGEST_MESSAGE, _LONGEST_NAME = 2000, 200
_LARGEST_INTEGER = 2**31 - 1


@dataclass(frozen=True, slots=True)
class LogRow:
    """One row; payloads are the jsonb's text."""

    tenant_id: UUID
    service_name: str
    action: str
    status: str
    related_entity_type: str | None
    related_entity_id: UUID | None
    external_id: str | None
    request_payload: str | None
    response_payload: str | None
    error_message: str | None
    error_code: str | None
    duration_ms: int | None
    retry_count: int
    created_at: datetime


_TYPES = {
    "tenant_id": "uuid",
    "related_entity_id": "uuid",
    "request_payload": "jsonb",
    "response_payload": "jsonb",
    "duration_ms": "integer",
    "retry_count": "integer",
    "created_at": "timestamptz",
}
_COLUMNS = [field.name for field in fields(LogRow)]
_INSERT = sql.SQL("insert into public.integration_logs ({}) select * from unnest({})").format(
    sql.SQL(", ").join(map(sql.Identifier, _COLUMNS)),
    sql.SQL(", ").join(sql.SQL(f"%s::{_TYPES.get(name, 'text')}[]") for name in _COLUMNS),
)


class LogWriter:
    """Writes batches of rows through one connection, which is kept between them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept = ExitStack()
        self._connection: Connection | None = None
        self._tenant_id: UUID | None = None

    def write(self, rows: Sequence[LogRow]) -> int:
        """Store rows; returns how many the database refused for what is in them.

        Raises whatever keeps all of them from being stored now.
        """
        refused = 0
        for tenant_id in dict.fromkeys(row.tenant_id for row in rows):
            connection = self._open(tenant_id)
            refused += _stored(connection, [row for row in rows if row.tenant_id == tenant_id])
        return refused

    def release(self) -> None:
        """Close the connection."""
        self._connection = None
        try:
            self._kept.close()
        except psycopg.Error:
            # It was broken already.
            self._kept = ExitStack()

    def _open(self, tenant_id: UUID) -> Connection:
        if self._connection is None or self._tenant_id != tenant_id:
            self.release()
            session = self._database.tenant_session(tenant_id)
            self._connection = self._kept.enter_context(session)
            self._tenant_id = tenant_id
            # The log waits for nobody for long, and nobody for the log's disk.
            self._connection.execute(
                "select set_config('lock_timeout', '1s', false), "
                "set_config('statement_timeout', '10s', false), "
                "set_config('synchronous_commit', 'off', false)"
            )
        return self._connection


def _stored(connection: Connection, rows: Sequence[LogRow]) -> int:
    """Insert rows in one statement; if one is refused, halves of them, down to the bad one."""
    columns = [list(column) for column in zip(*map(astuple, rows), strict=True)]
    try:
        with connection.transaction():
            connection.execute(_INSERT, columns)
    except (psycopg.DataError, psycopg.IntegrityError):
        if len(rows) == 1:
            return 1
        middle = len(rows) // 2
        return _stored(connection, rows[:middle]) + _stored(connection, rows[middle:])
    return 0


class LogRows(BackgroundRows[LogRow]):
    """The queue of a platform's log; whoever opened the platform closes it."""

    def __init__(self, database: Database) -> None:
        writer = LogWriter(database)
        super().__init__("integration log", writer.write, writer.release)
        self.url = database.url


@dataclass(frozen=True, slots=True)
class Related:
    """What of ours exchanges are about: a report, a Dagster run."""

    entity_type: str
    entity_id: UUID


def dagster_run(run_id: str) -> Related | None:
    """A Dagster run as what exchanges are about; None for an id that is none of Dagster's."""
    try:
        return Related("dagster_run", UUID(run_id))
    except ValueError:
        return None


class IntegrationLogger:
    """A tenant's exchange log: no method of it waits, and none of them raises.

    ``redact`` masks secrets and people in any value; exchanges come redacted already. ``related``
    is what they are about unless a call says otherwise.
    """

    def __init__(
        self,
        rows: LogRows,
        tenant_id: UUID,
        redact: Callable[[Any], Any],
        related: Related | None = None,
    ) -> None:
        self._rows, self._tenant_id, self._redact = rows, tenant_id, redact
        self._related = related

    def record(self, exchange: Exchange) -> None:
        """Keep one attempt of a client."""
        status = "success"
        if exchange.error is not None:
            status = "retrying" if exchange.will_retry else "failed"
        payload = {"method": exchange.method, "path": exchange.path, **(exchange.request or {})}
        response = None
        if exchange.status is not None:
            response = {"status": exchange.status, **(exchange.response or {})}
        self._put(
            exchange.provider.lower(), exchange.action, status,
            request=payload, response=response, error_message=exchange.error,
            error_code=exchange.error_code, duration_ms=exchange.duration_ms,
            retry_count=exchange.attempt - 1, external_id=exchange.external_id,
        )  # fmt: skip

    def log_success(self, service_name: str, action: str, **details: Any) -> None:
        """Record what succeeded.

        ``details`` are request, response, duration_ms, retry_count, related (``Related``) and
        external_id, for failures error_message and error_code too; all may be left out.
        """
        self._put(service_name, action, "success", redact=self._redact, **details)

    def log_error(self, service_name: str, action: str, **details: Any) -> None:
        """Record what failed and is not tried again; ``details`` as for ``log_success``."""
        self._put(service_name, action, "failed", redact=self._redact, **details)

    def log_retry(self, service_name: str, action: str, **details: Any) -> None:
        """Record an attempt that failed and is followed by another."""
        self._put(service_name, action, "retrying", redact=self._redact, **details)

    def _put(
        self,
        service_name: str,
        action: str,
        status: str,
        *,
        redact: Callable[[Any], Any] = lambda value: value,
        **details: Any,
    ) -> None:
        try:
            row = self._row(service_name, action, status, redact, details)
        except Exception as problem:  # the work that is logged is not to fail for its log
            self._rows.drop(f"a row could not be made ({type(problem).__name__})")
        else:
            self._rows.put(row)

    def _row(
        self,
        service_name: str,
        action: str,
        status: str,
        redact: Callable[[Any], Any],
        details: dict[str, Any],
    ) -> LogRow:
        related: Related | None = details.get("related", self._related)
        duration = details.get("duration_ms")
        return LogRow(
            tenant_id=self._tenant_id,
            service_name=_text(service_name, _LONGEST_NAME) or "",
            action=_text(redact(action), _LONGEST_NAME) or "",
            status=status,
            related_entity_type=related.entity_type if related else None,
            related_entity_id=related.entity_id if related else None,
            external_id=_text(details.get("external_id"), _LONGEST_NAME),
            request_payload=jsonb_text(redact(details.get("request"))),
            response_payload=jsonb_text(redact(details.get("response"))),
            error_message=_text(redact(details.get("error_message")), _LONGEST_MESSAGE),
            error_code=_text(redact(details.get("error_code")), _LONGEST_NAME),
            duration_ms=None if duration is None else min(int(duration), _LARGEST_INTEGER),
            retry_count=min(int(details.get("retry_count") or 0), _LARGEST_INTEGER),
            created_at=datetime.now(UTC),
        )


def _text(value: Any, longest: int) -> str | None:
    return None if value is None else storable(str(value))[:longest]


def delete_old_logs(connection: Connection, batch_size: int | None = None) -> int:
    """Delete rows that have been kept long enough, at most ``batch_size``; returns how many."""
    deleted = connection.execute(
        "select public.cleanup_old_integration_logs(%s)", (batch_size,)
    ).fetchone()
    return int(scalar(deleted))


def draw_sums_together(connection: Connection) -> None:
    """Bring the parts of the log's daily sums down to one row each."""
    connection.execute("select app.draw_together_integration_log_days()")
