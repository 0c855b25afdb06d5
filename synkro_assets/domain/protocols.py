"""The protocols through which strangers meet: storage implements them, providers receive them.

What lives here: shapes only. Who wires them together: ``operations/provider_clients.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from synkro_assets.domain.errors import AccountStopped
from synkro_assets.domain.soundness import PoisonRecord


class Clock(Protocol):
    """Where the current time comes from; always aware UTC."""

    def now(self) -> datetime: ...


class Limiter(Protocol):
    """Hands out permission to send one request to a provider's account."""

    def acquire(self, rates: Mapping[str, float]) -> None:
        """Return when the next request may leave; blocks for as long as that takes.

        ``rates`` are the buckets it goes through, each with its requests a second.
        Raises AccountStopped and RateLimited when that is not to be waited for.
        """

    def penalize(self, bucket: str, seconds: float) -> None:
        """Let nobody send through ``bucket`` for ``seconds``: the provider asked for a pause."""

    def stop(self, reason: str, status: int | None) -> AccountStopped:
        """Let nobody send to the account for long: it refuses everything. Returns what to raise."""

    def resume(self) -> None:
        """The account answered a request."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request to a provider and what came of it, already free of secrets and personal data.

    ``will_retry`` says of a failed attempt that another one follows; ``error_code`` is the
    provider's own, else the HTTP status; ``external_id`` is what the provider calls the thing.
    """

    provider: str
    action: str
    method: str
    path: str
    status: int | None
    error: str | None
    started_at: datetime
    duration_ms: int
    attempt: int
    request: Any = None
    response: Any = None
    will_retry: bool = False
    error_code: str | None = None
    external_id: str | None = None


class ExchangeLog(Protocol):
    """Keeps a record of every exchange; must never fail or slow the work."""

    def record(self, exchange: Exchange) -> None: ...


class SetAside(Protocol):
    """Takes a record that cannot be used, so that the rest of its day can be."""

    def __call__(self, poison: PoisonRecord, /) -> None: ...


@dataclass(frozen=True, slots=True)
class Tokens:
    """What opens an account for a while; ``base_url`` is where the account lives."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: datetime | None
    base_url: str


class TokenStore(Protocol):
    """Keeps one account's tokens, which every worker shares and only one may renew at a time."""

    def fresh(self, stale: str, refresh: Callable[[Tokens], Tokens]) -> Tokens:
        """Tokens with another access token than ``stale``: somebody else's, or newly asked for.

        ``refresh`` is called at most once and its result stored before it is returned. It raises
        TokenExpired when the refresh token is spent, OutcomeUnknown when it may be; any other
        error means that it is not. Raises what ``refresh`` raises, and the first two also when
        that is known from earlier.
        """

    def ended(self, token: str, reason: str) -> None:
        """Note that somebody has to connect the account again, and tell them.

        Nothing is noted when the account is opened by another access token than ``token`` by now.
        """
