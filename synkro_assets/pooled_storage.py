"""Dagster's PostgreSQL storage with a connection that is kept instead of one for every statement.

What lives here: the storage class ``dagster.yaml`` names. dagster-postgres opens a connection per
statement, some 1,700 of them for a tenant-day of this graph; its webserver already has the mode
that keeps one, and this asks for that mode in every process. It also asks before many statements
whether a table is there, and with every asset event whether the tenant is a partition; both answers
are remembered here.
"""

import time
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

_BELIEVED_SECONDS = 30.0


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
        remember_partitions(storage.event_log_storage)
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


def remember_partitions(
    event_log: EventLogStorage, now: Callable[[], float] = time.monotonic
) -> None:
    """Believe for half a minute that a dynamic partition which was there still is.

    Each event of an asset or a check asks twice, 246 times in a tenant-day. That one is missing is
    never remembered: it may be added at any moment.
    """
    ask = event_log.has_dynamic_partition
    seen_at: dict[tuple[str, str], float] = {}

    def has_dynamic_partition(partitions_def_name: str, partition_key: str) -> bool:
        key = partitions_def_name, partition_key
        if key in seen_at and now() - seen_at[key] < _BELIEVED_SECONDS:
            return True
        if not ask(partitions_def_name, partition_key):
            return False
        seen_at[key] = now()
        return True

    event_log.has_dynamic_partition = has_dynamic_partition  # type: ignore[method-assign]  # no hook
