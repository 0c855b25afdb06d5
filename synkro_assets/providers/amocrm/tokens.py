"""amoCRM's token endpoint: the only thing Synkro ever sends there that is not a question.

What lives here: exchanging a code and a refresh token for a new pair, and finding an account that
has moved (reference §1.2). What does not: when tokens are renewed (``authorized``), where they are
kept and how often may be asked (``storage/oauth_tokens.py``).

A refresh token works once, so nothing here is ever tried again. Bodies stay out of the exchange
log: what comes is a secret no redactor knows yet.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import httpx

from synkro_assets.domain.errors import (
    OutcomeUnknown,
    ProviderError,
    ProviderRefused,
    SynkroError,
    TokenExpired,
    UsageProblem,
)
from synkro_assets.domain.protocols import Clock, Exchange, ExchangeLog, Limiter, Tokens
from synkro_assets.providers.amocrm.errors import PROVIDER, classify
from synkro_assets.providers.amocrm.stops import ACCOUNT, FORBIDDEN, REASONS
from synkro_assets.providers.gate import Call, Classify, Gate, Rate, parsed
from synkro_assets.providers.http import GatedClient, Timeouts, checked_base_url
from synkro_assets.providers.redaction import Redactor
from synkro_assets.providers.verdicts import verdict

TOKEN_PATH = "/oauth2/access_token"
DOMAIN_PATH = "/oauth2/account/current/subdomain"
HOMES = ("amocrm.ru", "amocrm.com", "kommo.com")

# Whoever seals secrets anew waits ten seconds for the row that is locked meanwhile.
_TIMEOUTS = Timeouts(connect=3.0, read=5.0, whole=5.0)
_MAYBE_ELSEWHERE = frozenset({401, 404})
_MAYBE_TAKEN = frozenset({408, 425})
_PAIR = ("access_token", "refresh_token", "expires_in")
_LONGEST_LIFE = 366 * 24 * 3600


@dataclass(frozen=True, slots=True)
class OAuthApp:
    """The integration as amoCRM knows it; ``per_second`` is the pace of its account."""

    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str
    per_second: float = 7.0


@dataclass(frozen=True, slots=True)
class WithoutBodies:
    """An exchange log that is told nothing of what was sent and answered."""

    log: ExchangeLog

    def record(self, exchange: Exchange) -> None:
        code = exchange.error_code and str(exchange.status or exchange.error_code)
        plain = replace(exchange, request=None, response=None, external_id=None, error_code=code)
        self.log.record(plain)


@dataclass(frozen=True, slots=True)
class TokenEndpoint:
    """Asks for tokens; one request each, except that a moved account is asked where it went."""

    app: OAuthApp
    limiter: Limiter
    log: ExchangeLog
    clock: Clock
    transport: httpx.BaseTransport | None = None

    def exchange(self, base_url: str, code: str) -> Tokens:
        """The first tokens of an account, for the code its owner came back with.

        Raises TokenExpired when amoCRM refuses the code, OutcomeUnknown when it may be spent,
        AccountStopped when it refuses everything: the code is as good as before then.
        """
        return self._pair(base_url, {"grant_type": "authorization_code", "code": code})

    def refresh(self, held: Tokens) -> Tokens:
        """The next pair, from where the account lives now; a ``TokenStore``'s ``refresh``."""
        grant = {"grant_type": "refresh_token", "refresh_token": held.refresh_token}
        try:
            return self._pair(held.base_url, grant, held.access_token)
        except TokenExpired as problem:
            if problem.status not in _MAYBE_ELSEWHERE:
                raise
            refusal = problem
        moved_to = self._moved_to(held)
        if moved_to is None:
            raise refusal
        return self._pair(moved_to, grant, held.access_token)

    def _pair(self, base_url: str, grant: Mapping[str, str], bearer: str | None = None) -> Tokens:
        address = f"{checked_base_url(PROVIDER, base_url)}{TOKEN_PATH}"
        body = {
            "client_id": self.app.client_id,
            "client_secret": self.app.client_secret,
            "redirect_uri": self.app.redirect_uri,
            **grant,
        }
        status: int | None = None
        gate = self._gate(_token_verdict, (self.app.client_secret, *grant.values()))
        try:
            with self._client(gate) as client, gate.call(Call("token", is_send=True)):
                answer = parsed(client.post(address, json=body))
        except OutcomeUnknown:
            answer = None
        except ProviderRefused as refusal:
            if refusal.status not in REASONS:
                raise
            answer, status = None, refusal.status
        if status is not None:
            raise self._refused(base_url, status, bearer)
        return self._read(answer, base_url)

    def _refused(self, base_url: str, status: int, bearer: str | None) -> ProviderError:
        """What to raise for 402 and 403: they spend nothing when the account is refused all."""
        if status == FORBIDDEN and self._is_answered(base_url, bearer):
            return _expired(status)
        return self.limiter.stop(REASONS[status], status)

    def _is_answered(self, base_url: str, bearer: str | None) -> bool:
        """Whether the account answers other requests, if only that the token has ended."""
        address = f"{checked_base_url(PROVIDER, base_url)}{ACCOUNT}"
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        gate = self._gate(classify, tuple(headers.values()))
        try:
            with self._client(gate, headers) as client, gate.call(Call("account")):
                client.get(address)
        except TokenExpired:
            return True
        except SynkroError:
            return False
        return True

    def _read(self, answer: Any, base_url: str) -> Tokens:
        body: dict[str, Any] = answer if isinstance(answer, dict) else {}
        access, refresh, life = (body.get(name) for name in _PAIR)
        if not (_is_token(access) and _is_token(refresh)):
            raise _lost()
        is_life = isinstance(life, int) and not isinstance(life, bool)
        is_known = is_life and 0 < int(life or 0) <= _LONGEST_LIFE
        ends = self.clock.now() + timedelta(seconds=int(life or 0)) if is_known else None
        return Tokens(str(access), str(refresh), ends, base_url)

    def _moved_to(self, held: Tokens) -> str | None:
        """The account's base address when it is another than ours; None when nobody says so."""
        guide = elsewhere(held.base_url, api_domain(held.access_token), is_root=True)
        if guide is None:
            return None
        gate = self._gate(classify, (held.access_token, held.refresh_token))
        headers = {"X-Refresh-Token": held.refresh_token}
        try:
            with self._client(gate, headers) as client, gate.call(Call("account_domain")):
                answer = parsed(client.get(f"{guide}{DOMAIN_PATH}"))
        except (TokenExpired, ProviderRefused):
            return None
        domain = answer.get("domain") if isinstance(answer, dict) else None
        found = elsewhere(held.base_url, domain)
        return None if found == held.base_url.rstrip("/") else found

    def _gate(self, verdict_of: Classify, secrets: tuple[str, ...]) -> Gate:
        rates = (Rate("all", self.app.per_second),)
        log = WithoutBodies(self.log)
        redact = Redactor(secrets)
        return Gate(PROVIDER, self.limiter, log, self.clock, redact, verdict_of, lambda _: rates)

    def _client(self, gate: Gate, headers: Mapping[str, str] | None = None) -> GatedClient:
        sent = {"Accept": "application/json", **(headers or {})}
        return GatedClient(gate, timeouts=_TIMEOUTS, headers=sent, transport=self.transport)


def api_domain(access_token: str) -> str | None:
    """Who to ask when an account has moved: a claim of the token, which nobody has to trust."""
    try:
        middle = access_token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    except (IndexError, ValueError, binascii.Error, RecursionError):
        return None
    domain = claims.get("api_domain") if isinstance(claims, dict) else None
    return domain if isinstance(domain, str) else None


def elsewhere(base_url: str, domain: Any, *, is_root: bool = False) -> str | None:
    """``base_url`` at another host of amoCRM's; None for a host that secrets must not go to.

    Beside amoCRM's own, an account on this machine may move on this machine.
    """
    base = checked_base_url(PROVIDER, base_url)
    if not isinstance(domain, str) or not domain or set(domain) & set("/@?#\\ "):
        return None
    try:
        found = checked_base_url(PROVIDER, f"{base.scheme}://{domain}")
    except UsageProblem:
        return None
    is_ours = base.scheme == "https" and found.port is None and is_home(found.host)
    if not is_ours and not (is_loopback(base.host) and is_loopback(found.host)):
        return None
    return str(found.copy_with(path="" if is_root else base.path)).rstrip("/")


def is_home(host: str) -> bool:
    """Whether a host is an account's below one of amoCRM's domains."""
    return host.endswith(tuple(f".{home}" for home in HOMES))


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _token_verdict(response: httpx.Response) -> SynkroError | None:
    """What an answer means for the token that was sent; nothing of the answer is quoted."""
    status = response.status_code
    if response.is_success:
        return None
    if status >= 500 or status in _MAYBE_TAKEN:
        return _lost()
    if status == 429 or status in REASONS or response.is_redirect:
        bare = httpx.Response(status, headers=response.headers, request=response.request)
        return verdict(PROVIDER, bare)
    return _expired(status)


def _expired(status: int) -> TokenExpired:
    text = f"{PROVIDER} gives no new tokens (status {status}): connect {PROVIDER} again"
    return TokenExpired(PROVIDER, text, status=status)


def _lost() -> OutcomeUnknown:
    text = f"{PROVIDER} did not answer the request for new tokens: the old ones may be spent"
    return OutcomeUnknown(PROVIDER, text)


def _is_token(value: Any) -> bool:
    return isinstance(value, str) and bool(value) and value.isascii() and value.isprintable()
