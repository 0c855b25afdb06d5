"""The Supabase client: rows of a tenant's own project, by table, key and filter.

What lives here: the calls to the Data API (reference §7.1). What does not: refusals (``errors``),
kinds of keys (``keys``), which rows there are and how they are put into batches (``delivery``).

The library is told not to retry and not to keep sessions; it is used for its requests alone. Every
call here may be repeated: an upsert names its key, a deletion its rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import httpx

from synkro_assets.domain.errors import ProviderUnavailable
from synkro_assets.domain.protocols import Clock, ExchangeLog, Limiter
from synkro_assets.providers.closing import Closing
from synkro_assets.providers.gate import Call, Gate, Rate
from synkro_assets.providers.http import Timeouts, checked_base_url, checked_headers
from synkro_assets.providers.redaction import Redactor
from synkro_assets.providers.retry import RetryPolicy, Sleeper, sleep
from synkro_assets.providers.sdk_transports import supabase_client
from synkro_assets.providers.supabase.errors import MissingColumn, MissingTable, classifier
from synkro_assets.providers.supabase.keys import (
    PROVIDER,
    is_jwt,
    key_kind,
    require_writing_key,
)

if TYPE_CHECKING:
    from supabase import Client

T = TypeVar("T")
Row = Mapping[str, Any]
Filters = Mapping[str, Any]
"""Column by column: a value to equal, a list to be one of, or None to be null."""

# Nothing is published; a project's smallest machine answers this many without a murmur.
_RATE = Rate("all", 20.0)
# What a project answers at most unless its settings say otherwise; a lower cap is noticed.
PAGE_ROWS = 1000
# The gateway gives up after a minute by itself.
_TIMEOUTS = Timeouts(read=65.0, whole=120.0)


class SupabaseClient(Closing):
    """One project, asked with one key."""

    def __init__(
        self,
        base_url: str,
        key: str,
        gate: Gate,
        *,
        timeouts: Timeouts | None = None,
        retry: RetryPolicy | None = None,
        sleeper: Sleeper = sleep,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        checked_headers(PROVIDER, {"apikey": key})
        self._base_url = str(checked_base_url(PROVIDER, base_url)).rstrip("/")
        self._key = key
        self._gate = gate
        self._retry = retry or RetryPolicy()
        self._sleeper = sleeper
        self._http = supabase_client(
            gate, is_bearer=is_jwt(key), timeouts=timeouts or _TIMEOUTS, transport=transport
        )
        self._sdk: Client | None = None

    @property
    def address(self) -> str:
        """The project's address."""
        return self._base_url

    @property
    def key_name(self) -> str:
        """The kind of the key in use, by its look, in words."""
        return key_kind(self._key).value

    def require_writing_key(self) -> None:
        """Raise ProviderRefused, without a request, for a key that may not write."""
        require_writing_key(self._key)

    def upsert(self, table: str, rows: Sequence[Row], key: Sequence[str]) -> int:
        """Insert rows or replace those of the same key; how many the project counted.

        All rows must have the same columns and no two the same key. Raises MissingTable,
        MissingColumn and other ProviderRefused, RateLimited, ProviderUnavailable.
        """

        def send(sdk: Client) -> int:
            request = sdk.table(table).upsert(
                list(rows),
                on_conflict=",".join(key),
                returning=_minimal(),
                count=_exact(),
            )
            return self._counted(request.execute().count)

        return self._ask(f"upsert {table}", send)

    def delete(self, table: str, filters: Filters) -> int:
        """Delete the rows that pass every filter; how many they were."""
        assert filters, "a deletion names its rows"

        def send(sdk: Client) -> int:
            request = sdk.table(table).delete(returning=_minimal(), count=_exact())
            return self._counted(_filtered(request, filters).execute().count)

        return self._ask(f"delete {table}", send)

    def count(self, table: str, filters: Filters) -> int:
        """How many rows pass every filter."""
        return self._page(table, [next(iter(filters))], filters, 0, rows=1)[1]

    def read(
        self, table: str, columns: Sequence[str], filters: Filters
    ) -> Iterator[dict[str, Any]]:
        """The rows that pass every filter, some columns of each; these must form a key.

        Read page by page in the key's order; a page that the project cuts shorter than asked is no
        end. Raises ProviderUnavailable when fewer rows come than the project counts.
        """
        page, total = self._page(table, columns, filters, 0)
        seen = 0
        while page:
            yield from page
            seen += len(page)
            if seen >= total:
                return
            page, _ = self._page(table, columns, filters, seen)
        if seen < total:
            text = f"{PROVIDER} shows {seen} of {total} rows of {table}; try again"
            raise ProviderUnavailable(PROVIDER, text)

    def missing_columns(self, table: str, columns: Sequence[str]) -> list[str] | None:
        """Which columns a table lacks; None when there is no such table."""
        try:
            self._page(table, columns, {}, 0, rows=1)
        except MissingColumn:
            return [column for column in columns if not self.has_column(table, column)]
        except MissingTable:
            return None
        return []

    def has_column(self, table: str, column: str) -> bool:
        """Whether a table has a column; raises MissingTable."""
        try:
            self._page(table, [column], {}, 0, rows=1)
        except MissingColumn:
            return False
        return True

    def close(self) -> None:
        self._http.close()

    def _page(
        self,
        table: str,
        columns: Sequence[str],
        filters: Filters,
        offset: int,
        *,
        rows: int = PAGE_ROWS,
    ) -> tuple[list[dict[str, Any]], int]:
        """Some rows in the columns' order, and how many there are in all."""

        def send(sdk: Client) -> tuple[list[dict[str, Any]], int]:
            request = _filtered(sdk.table(table).select(*columns, count=_exact()), filters)
            for column in columns:
                request = request.order(column)
            answer = request.range(offset, offset + rows - 1).execute()
            return list(answer.data), self._counted(answer.count)

        return self._ask(f"read {table}", send)

    def _counted(self, count: int | None) -> int:
        if count is None:
            raise self._gate.unreadable("answered without the count that was asked for")
        return count

    def _ask(self, action: str, work: Callable[[Client], T]) -> T:
        def attempt(number: int) -> T:
            sdk = self._client()
            with self._gate.call(Call(action, number, may_be_empty=True, retry=self._retry)):
                try:
                    return work(sdk)
                except (ValueError, TypeError, KeyError, AttributeError):
                    error = self._gate.unreadable("answered in an unknown shape")
            raise error

        return self._retry.run(attempt, self._sleeper)

    def _client(self) -> Client:
        if self._sdk is None:
            from supabase.lib.client_options import SyncClientOptions

            from supabase import create_client

            options = SyncClientOptions(
                httpx_client=self._http,
                auto_refresh_token=False,
                persist_session=False,
                postgrest_client_retry=False,
            )
            self._sdk = create_client(self._base_url, self._key, options)
        return self._sdk


def client(
    public: Mapping[str, Any],
    secrets: Mapping[str, str],
    *,
    limiter: Limiter,
    log: ExchangeLog,
    clock: Clock,
    **options: Any,
) -> SupabaseClient:
    """The client of an integration's stored fields (``catalog``, kind ``supabase``).

    ``options`` are SupabaseClient's ``timeouts``, ``retry``, ``sleeper`` and ``transport``.
    """
    key = secrets["service_role_key"]
    classify = classifier(key_kind(key))
    redactor = Redactor(secrets.values())
    gate = Gate(PROVIDER, limiter, log, clock, redactor, classify, lambda _: (_RATE,))
    return SupabaseClient(public["base_url"], key, gate, **options)


def _filtered(request: Any, filters: Filters) -> Any:
    """A request of the library, each of whose filters returns it again."""
    for column, value in filters.items():
        if value is None:
            request = request.is_(column, None)
        elif isinstance(value, list | tuple):
            request = request.in_(column, value)
        else:
            request = request.eq(column, value)
    return request


def _exact() -> Any:
    from postgrest.types import CountMethod

    return CountMethod.exact


def _minimal() -> Any:
    from postgrest.types import ReturnMethod

    return ReturnMethod.minimal
