"""Dagster's PostgreSQL storage with a connection that is kept instead of one for every statement.

What lives here: the storage class ``dagster.yaml`` names. dagster-postgres opens a connection per
statement, some 1,700 of them for a tenant-day of this graph; its webserver already has the mode
that keeps one, and this asks for that mode in every process. It also asks the catalogue before many
statements whether a table is there, which is remembered here.
"""

from collections.abc import Callable, Mapping
from typing import Any

from dagster._core.storage.event_log import EventLogStorage
from dagster._serdes import ConfigurableClassData
from dagster_postgres import DagsterPostgresStorage
from dagster_postgres.utils import pg_url_from_config

# Nothing is cut short; connections older than this are renewed; bursts may open this many more.
_NO_STATEMENT_TIMEOUT_MS = 0
_RENEW_AFTER_SECONDS = 300
_MAX_OVERFLOW = 20


class PooledPostgresStorage(DagsterPostgresStorage):
    """Run, event and schedule storage over small connection pools."""

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "PooledPostgresStorage":
        storage = cls(
            inst_data=inst_data,
            postgres_url=pg_url_from_config(dict(config_value)),
            should_autocreate_tables=config_value.get("should_autocreate_tables", True),
        )
        remember_tables(storage.event_log_storage)
        for part in (storage.run_storage, storage.event_log_storage, storage.schedule_storage):
            part.optimize_for_webserver(
                statement_timeout=_NO_STATEMENT_TIMEOUT_MS,
                pool_recycle=_RENEW_AFTER_SECONDS,
                max_overflow=_MAX_OVERFLOW,
            )
        return storage


def remember_tables(event_log: EventLogStorage) -> None:
    """Ask the catalogue once for each table that is there, instead of with every asset event.

    338 of those questions cost a tenant-day half a second here and as much in PostgreSQL; tables of
    Dagster's never disappear.
    """
    ask: Callable[[str], bool] = event_log.has_table  # type: ignore[attr-defined]  # of SQL storages
    known: set[str] = set()

    def has_table(name: str) -> bool:
        if name not in known and ask(name):
            known.add(name)
        return name in known

    event_log.has_table = has_table  # type: ignore[attr-defined]  # of SQL storages
