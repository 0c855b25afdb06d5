"""Connecting a tenant's amoCRM account: the owner's consent, and the tokens it brings.

What lives here: the address the owner opens, the state that comes back with the code, and storing
the first tokens. Renewing them is ``amocrm_tokens``; the request, ``providers/amocrm/tokens.py``.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from synkro_assets.domain.errors import (
    MissingIntegration,
    ProviderRefused,
    SecretUnreadable,
    TokenExpired,
    UsageProblem,
)
from synkro_assets.domain.tenant import Tenant
from synkro_assets.operations.integration_settings import opened, read_file, save, stored
from synkro_assets.operations.platform import Platform
from synkro_assets.operations.provider_clients import exchange_log, limiter_of
from synkro_assets.providers.amocrm import OAuthApp, TokenEndpoint, is_home, is_loopback

KIND = "amocrm"
_STATE = "amocrm_state"
# A code lives for twenty minutes; its owner may take as long to decide.
_STATE_LIFE = timedelta(minutes=40)


def connect_account(
    platform: Platform, tenant: Tenant, kind: str, code: str | None, referer: str | None
) -> str:
    """What a person reads next: the address to open, or that the account is connected."""
    if kind != KIND:
        raise UsageProblem(f"{kind} needs no consent: save it with 'synkro integrations set'")
    if code == "-":
        code = read_file(code).strip()
    if code is None:
        return consent_address(platform, tenant)
    connect(platform, tenant, code, referer)
    return f"connected: check it with 'synkro integrations check {tenant.slug} {kind}'"


def consent_address(platform: Platform, tenant: Tenant) -> str:
    """Where the account's owner gives consent, and from where they come back with a code."""
    public, _ = _app_fields(platform, tenant)
    host = urlsplit(public["base_url"]).hostname or ""
    own = public["base_url"] if is_loopback(host) else _front_door(host)
    asked = {
        "client_id": public["client_id"],
        "redirect_uri": public["redirect_uri"],
        "state": _sealed_state(platform, tenant),
    }
    return f"{own.rstrip('/')}/oauth?{urlencode(asked)}"


def tenant_of_state(platform: Platform, state: str) -> UUID:
    """Whose consent came back; UsageProblem for a state that is not ours or is too old."""
    name, _, sealed = state.partition(".")
    try:
        tenant_id = UUID(name)
        held = platform.keys.open(tenant_id, _STATE, sealed, owner="the state")
        ends = datetime.fromisoformat(held["ends"])
    except (ValueError, KeyError, SecretUnreadable):
        ends = None
    if ends is None or ends <= platform.clock.now():
        raise UsageProblem("this consent was not asked for, or too long ago: connect amoCRM again")
    return tenant_id


def connect(platform: Platform, tenant: Tenant, code: str, referer: str | None = None) -> None:
    """Exchange a code for the first tokens and store them; the integration is unchecked then.

    ``referer`` is the account's host as amoCRM names it beside the code. ProviderRefused for a
    code that was used or is too old, OutcomeUnknown when the answer was lost, AccountStopped when
    amoCRM refuses everything.
    """
    public, secrets = _app_fields(platform, tenant)
    base_url = _account_url(public["base_url"], referer)
    pace = float(public.get("requests_per_second") or 7)
    app = OAuthApp(public["client_id"], secrets["client_secret"], public["redirect_uri"], pace)
    # Somebody sits before it, and the code lives for twenty minutes.
    limiter = limiter_of(platform, tenant, stored(platform, tenant)[KIND], ignores_stop=True)
    endpoint = TokenEndpoint(app, limiter, exchange_log(platform, tenant), platform.clock)
    try:
        tokens = endpoint.exchange(base_url, code)
    except TokenExpired as problem:
        error = ProviderRefused(
            problem.provider,
            f"amoCRM refuses the code (status {problem.status}): it works once and for 20 minutes, "
            "and only with the right client_id, client_secret and redirect_uri; ask for a new one",
            status=problem.status,
        )
    else:
        kept = {name: value for name, value in secrets.items() if name != "long_lived_token"}
        given = {
            **public,
            **kept,
            "base_url": tokens.base_url,
            "access_token": tokens.access_token,
            "refresh_token": tokens.refresh_token,
            "expires_at": tokens.expires_at.isoformat() if tokens.expires_at else None,
        }
        save(platform, tenant, KIND, given)
        return
    raise error


def _app_fields(platform: Platform, tenant: Tenant) -> tuple[dict[str, str], dict[str, str]]:
    found = stored(platform, tenant).get(KIND)
    if found is None:
        raise MissingIntegration(f"tenant {tenant.slug} has no amocrm integration: save one first")
    public, secrets = found.public_data, opened(platform, tenant, found)
    held = {**public, **secrets}
    missing = [n for n in ("client_id", "client_secret", "redirect_uri") if not held.get(n)]
    if missing:
        raise UsageProblem(f"the amocrm integration lacks {', '.join(missing)}: save it with them")
    return public, secrets


def _account_url(base_url: str, referer: str | None) -> str:
    """The account's address; UsageProblem for a host that the client's secret must not go to."""
    base = urlsplit(base_url)
    if not referer or referer == base.netloc:
        return base_url
    host = referer.lower()
    if base.scheme != "https" or not is_home(host) or set(host) & set("/@?#\\: "):
        raise UsageProblem("the referer is no account of amoCRM or Kommo: take the callback's own")
    return f"https://{host}"


def _front_door(host: str) -> str:
    return "https://www.kommo.com" if host.endswith(".kommo.com") else "https://www.amocrm.ru"


def _sealed_state(platform: Platform, tenant: Tenant) -> str:
    ends = platform.clock.now() + _STATE_LIFE
    sealed = platform.keys.seal(tenant.tenant_id, _STATE, {"ends": ends.isoformat()})
    return f"{tenant.tenant_id}.{sealed}"
