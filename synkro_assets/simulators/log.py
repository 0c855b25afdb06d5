"""The record of every request a provider received.

Lives here: one row per request, secrets masked, and the summary over them. Not here: matching and
timing, which ``gateway`` does.
"""

import re
from collections import Counter, deque
from dataclasses import dataclass
from typing import Any

CAPACITY = 200_000

_BOT_TOKEN = re.compile(r"(/bot)[^/]+")
_SECRET_PARAMETER = re.compile(
    r"((?:^|&)(?:[^=&]*token|api_?key|key|client_secret|code)=)[^&]*", re.IGNORECASE
)


def masked_path(path: str) -> str:
    """The path without the bot token that Telegram carries in it."""
    return _BOT_TOKEN.sub(r"\1***", path)


def masked_query(query: str) -> str:
    """The query string with the values of secret parameters replaced."""
    return _SECRET_PARAMETER.sub(r"\1***", query)


@dataclass(frozen=True, slots=True)
class RequestRow:
    """One request as it is remembered."""

    provider: str
    method: str
    path: str
    query: str
    status: int | None
    started_at: str
    started: float
    handler_seconds: float


class RequestLog:
    """The last requests, oldest first."""

    def __init__(self) -> None:
        self._rows: deque[RequestRow] = deque(maxlen=CAPACITY)

    def add(self, row: RequestRow) -> None:
        """Remember one request."""
        self._rows.append(row)

    def clear(self) -> None:
        """Forget all of them."""
        self._rows.clear()

    def rows(self, provider: str | None, limit: int) -> list[dict[str, Any]]:
        """The newest ``limit`` rows, oldest first."""
        chosen = [r for r in self._rows if provider is None or r.provider == provider]
        return [
            {
                "provider": r.provider,
                "method": r.method,
                "path": r.path,
                "query": r.query,
                "status": r.status,
                "started_at": r.started_at,
                "handler_seconds": round(r.handler_seconds, 6),
            }
            for r in (chosen[-limit:] if limit else [])
        ]

    def summary(self, provider: str | None = None) -> dict[str, Any]:
        """Counts, handler time and the busiest second of each provider."""
        groups: dict[str, list[RequestRow]] = {}
        for row in self._rows:
            if provider is None or row.provider == provider:
                groups.setdefault(row.provider, []).append(row)
        return {
            name: {
                "count": len(rows),
                "handler_seconds": round(sum(r.handler_seconds for r in rows), 6),
                "max_in_any_second": busiest_second([r.started for r in rows]),
                "statuses": dict(Counter(str(r.status or "none") for r in rows)),
            }
            for name, rows in sorted(groups.items())
        }


def busiest_second(times: list[float]) -> int:
    """The largest number of instants in any half-open window of one second."""
    ordered = sorted(times)
    best = first = 0
    for last, moment in enumerate(ordered):
        while ordered[first] <= moment - 1.0:
            first += 1
        best = max(best, last - first + 1)
    return best
