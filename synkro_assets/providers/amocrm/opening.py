"""Making a client of what is stored of an integration.

What lives here: which road a token takes and what it is checked for. Questions are ``client``, the
roads are ``authorized``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from synkro_assets.domain.errors import UsageProblem
from synkro_assets.domain.protocols import (
    Clock,
    ExchangeLog,
    Limiter,
    SetAside,
    Tokens,
    TokenStore,
)
from synkro_assets.providers.amocrm.authorized import LongLivedRoad, OAuthRoad
from synkro_assets.providers.amocrm.client import AmoCrmClient
from synkro_assets.providers.amocrm.errors import PROVIDER, classify
from synkro_assets.providers.amocrm.stops import StoppingRoad
from synkro_assets.providers.amocrm.tokens import OAuthApp, TokenEndpoint
from synkro_assets.providers.gate import Gate, Rate
from synkro_assets.providers.http import HttpRoad
from synkro_assets.providers.redaction import Redactor
from synkro_assets.providers.sifting import forget


def client(
    public: Mapping[str, Any],
    secrets: Mapping[str, str],
    *,
    limiter: Limiter,
    log: ExchangeLog,
    clock: Clock,
    set_aside: SetAside = forget,
    tokens: TokenStore | None = None,
    **road_options: Any,
) -> AmoCrmClient:
    """The client of an integration's stored fields (``catalog``, kind ``amocrm``).

    OAuth tokens are renewed through ``tokens``; ``set_aside`` is told of records that cannot be
    used; ``road_options`` are HttpRoad's ``timeouts``, ``retry``, ``sleeper`` and ``transport``.
    """
    pace = float(public.get("requests_per_second") or 7)

    def road(token: str, base_url: str, *others: str) -> HttpRoad:
        redact, rate = Redactor((*secrets.values(), token, *others)), (Rate("all", pace),)
        gate = Gate(PROVIDER, limiter, log, clock, redact, classify, lambda _: rate)
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        return StoppingRoad(gate, base_url, headers=headers, **road_options)

    def road_of(held: Tokens) -> HttpRoad:
        return road(held.access_token, held.base_url, held.refresh_token)

    long_lived = secrets.get("long_lived_token")
    if long_lived:
        only = LongLivedRoad(road(long_lived, public["base_url"]), long_lived, tokens)
        return AmoCrmClient(only, set_aside)
    held = _held(public, secrets)
    if tokens is None:
        return AmoCrmClient(road_of(held), set_aside)
    app = OAuthApp(public["client_id"], secrets["client_secret"], public["redirect_uri"], pace)
    endpoint = TokenEndpoint(app, limiter, log, clock, road_options.get("transport"))
    return AmoCrmClient(OAuthRoad(held, road_of, tokens, endpoint.refresh, clock), set_aside)


def _held(public: Mapping[str, Any], secrets: Mapping[str, str]) -> Tokens:
    access, refresh = secrets.get("access_token"), secrets.get("refresh_token")
    if not (access and refresh):
        lack = (
            "no token yet"
            if not access
            else ("an access token and no refresh token, so it would end within a day")
        )
        raise UsageProblem(
            f"the amocrm integration has {lack}: connect the account with 'synkro integrations "
            "connect TENANT amocrm', or save a long_lived_token"
        )
    ends = public.get("expires_at")
    expires_at = datetime.fromisoformat(ends) if ends else None
    return Tokens(access, refresh, expires_at, public["base_url"])
