"""The road to an account whose token may end on the way.

What lives here: when new tokens are asked for, what happens to a request that met an ended one,
and following an account that moved. What does not: the request for tokens (``tokens``), keeping
them (a ``TokenStore``), what is asked of the account (``client``).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Protocol

import httpx

from synkro_assets.domain.errors import TokenExpired
from synkro_assets.domain.protocols import Clock, Tokens, TokenStore
from synkro_assets.providers.amocrm.errors import PROVIDER
from synkro_assets.providers.http import HttpRoad, Params

# A page that is asked for now is answered well within this.
AHEAD = timedelta(minutes=5)


class Road(Protocol):
    """What the client sends its questions by: nothing but GET."""

    def get(self, target: str, *, action: str, params: Params = ()) -> Any: ...

    def address(self, target: str, params: Params = ()) -> httpx.URL: ...

    def close(self) -> None: ...


class LongLivedRoad:
    """The road of a token that nothing renews."""

    def __init__(self, road: HttpRoad, token: str, store: TokenStore | None) -> None:
        self._road, self._token, self._store = road, token, store
        self.address, self.close = road.address, road.close

    def get(self, target: str, *, action: str, params: Params = ()) -> Any:
        """``HttpRoad.get``; TokenExpired says how a new token is made."""
        try:
            return self._road.get(target, action=action, params=params)
        except TokenExpired:
            text = (
                f"{PROVIDER} no longer accepts the long-lived token: create a new long-lived "
                f"token in {PROVIDER} and save it"
            )
            error = TokenExpired(PROVIDER, text, status=401)
        if self._store is not None:
            self._store.ended(self._token, str(error))
        raise error


class OAuthRoad:
    """The road of tokens that are renewed ahead of their end, and once when one is refused.

    Several threads may ask at once; one of them renews for all.
    """

    def __init__(
        self,
        tokens: Tokens,
        open_road: Callable[[Tokens], HttpRoad],
        store: TokenStore,
        refresh: Callable[[Tokens], Tokens],
        clock: Clock,
    ) -> None:
        self._tokens, self._road = tokens, open_road(tokens)
        self._open_road, self._store, self._refresh = open_road, store, refresh
        self._clock = clock
        self._ahead = AHEAD
        self._lock = threading.Lock()
        self._left: list[HttpRoad] = []
        self._addresses: set[str] = set()

    def get(self, target: str, *, action: str, params: Params = ()) -> Any:
        """``HttpRoad.get`` with tokens that are good; TokenExpired when there are none."""
        with self._lock:
            if self._is_ending():
                self._renew()
            tokens, road = self._tokens, self._road
        try:
            return road.get(self._here(target), action=action, params=params)
        except TokenExpired:
            pass
        with self._lock:
            # Another thread's request may have met the same end.
            if self._tokens is tokens:
                self._renew()
            tokens, road = self._tokens, self._road
        try:
            return road.get(self._here(target), action=action, params=params)
        except TokenExpired as problem:
            self._store.ended(tokens.access_token, str(problem))
            raise

    def address(self, target: str, params: Params = ()) -> httpx.URL:
        return self._road.address(target, params)

    def close(self) -> None:
        for road in (*self._left, self._road):
            road.close()

    def _is_ending(self) -> bool:
        ends = self._tokens.expires_at
        return ends is not None and ends - self._clock.now() <= self._ahead

    def _renew(self) -> None:
        try:
            found = self._store.fresh(self._tokens.access_token, self._refresh)
            self._take(found)
            # What somebody else fetched may be as old as what we had.
            if self._is_ending():
                self._take(self._store.fresh(found.access_token, self._refresh))
        except TokenExpired as problem:
            self._store.ended(self._tokens.access_token, str(problem))
            raise

    def _take(self, tokens: Tokens) -> None:
        self._addresses.add(self._tokens.base_url.rstrip("/"))
        # Closed at the end: somebody may be on it.
        self._left.append(self._road)
        self._tokens, self._road = tokens, self._open_road(tokens)
        if tokens.expires_at is not None:
            # Tokens that live for minutes would be renewed with every request.
            self._ahead = min(AHEAD, (tokens.expires_at - self._clock.now()) / 2)

    def _here(self, target: str) -> str:
        """A page's link from before the account moved, as a path at its new address."""
        for base in tuple(self._addresses):
            if target.startswith(f"{base}/"):
                return target.removeprefix(base)
        return target
