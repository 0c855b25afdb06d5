"""The gate every single request passes, whichever library sends it.

What lives here: permission from the limiter before an attempt, one exchange row after it, and the
translation of network failures and unreadable answers into Synkro's errors. What does not: the
sending (``http``, ``sdk_transports``), the decision to try again (``retry``), the meaning of a
status (``verdicts`` and each provider's ``errors``), what of a payload is kept (``payloads``).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NoReturn

import httpx
from pydantic_core import from_json

from synkro_assets.domain.errors import (
    OutcomeUnknown,
    ProviderRefused,
    ProviderUnavailable,
    RateLimited,
    SynkroError,
)
from synkro_assets.domain.protocols import Clock, Exchange, ExchangeLog, Limiter
from synkro_assets.providers.own_names import error_code, external_id
from synkro_assets.providers.payloads import kept_request, kept_response, without_echoes
from synkro_assets.providers.plain_json import marked
from synkro_assets.providers.redaction import Redactor, mute_address_loggers
from synkro_assets.providers.retry import NEVER_AGAIN, RetryPolicy
from synkro_assets.providers.verdicts import body_of

Classify = Callable[[httpx.Response], SynkroError | None]

# What a client library raises before, while and after it talks; none of it may escape.
NETWORK_FAILURES = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, ValueError)

_NOTHING_WAS_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_NEVER_SENDABLE = (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError)
# Without a hint the pause doubles with each refusal in a row, up to this.
_LONGEST_GUESS = 60.0
_PARSED = "synkro_json"
# Python refuses 4,300 (``sys.int_info.default_max_str_digits``), and no number has so many.
_MOST_DIGITS = 4_000


@dataclass(frozen=True, slots=True)
class Rate:
    """At most ``per_second`` requests a second through the account's ``bucket``."""

    bucket: str
    per_second: float


@dataclass(frozen=True, slots=True)
class Call:
    """What the current request is for; ``is_send`` marks what must never happen twice.

    ``may_be_empty`` lets a success have no body; ``retry`` is the policy that decides about another
    attempt.
    """

    action: str
    attempt: int = 1
    is_send: bool = False
    may_be_empty: bool = False
    extra_rates: tuple[Rate, ...] = ()
    retry: RetryPolicy = NEVER_AGAIN


_CURRENT: ContextVar[Call] = ContextVar("synkro_provider_call")


@dataclass(frozen=True, slots=True)
class Gate:
    """One account's gate; ``rates`` names the buckets a path goes through."""

    provider: str
    limiter: Limiter
    log: ExchangeLog
    clock: Clock
    redactor: Redactor
    classify: Classify
    rates: Callable[[str], Sequence[Rate]]

    @contextmanager
    def call(self, call: Call) -> Iterator[None]:
        """Requests sent inside belong to ``call``, also those an SDK sends."""
        mute_address_loggers()
        token = _CURRENT.set(call)
        try:
            yield
        finally:
            _CURRENT.reset(token)

    def open(self, request: httpx.Request) -> Passage:
        """Wait for permission to send ``request``; the passage then reports what came of it."""
        call = _CURRENT.get(Call(request.url.path))
        rates = (*self.rates(request.url.path), *call.extra_rates)
        self.limiter.acquire({rate.bucket: rate.per_second for rate in rates})
        return Passage(self, request, call, rates, self.clock.now(), time.monotonic())

    def unreadable(self, what: str, status: int | None = None) -> ProviderUnavailable:
        """The error for an answer that came but cannot be used."""
        text = f"{self.provider} {what}; try again, and check base_url if it stays so"
        return ProviderUnavailable(self.provider, text, status=status)


@dataclass(frozen=True, slots=True)
class Passage:
    """One attempt under way."""

    gate: Gate
    request: httpx.Request
    call: Call
    rates: tuple[Rate, ...]
    started_at: datetime
    started: float

    def answered(self, response: httpx.Response) -> SynkroError | None:
        """Record a complete answer; the error it stands for, None for a usable one."""
        error = self.gate.classify(response) or self._check_body(response)
        if error is not None:
            # What the error quotes of the answer may be cut off, and half a secret is not found.
            error = self.gate.classify(_masked(response, self.gate.redactor)) or error
        if isinstance(error, RateLimited):
            self._penalize(error)
        self._record(response, error)
        return error

    def lost(self, problem: Exception) -> SynkroError:
        """Record a request that got no (whole) answer; the error that stands for it."""
        error = self._network_error(problem)
        self._record(None, error, problem)
        return error

    def _check_body(self, response: httpx.Response) -> SynkroError | None:
        if response.status_code == 204 or (self.call.may_be_empty and not response.content):
            return None
        try:
            answer = _json(response.content)
        except (ValueError, RecursionError):
            what = (
                "answered with something that is not JSON"
                if response.content
                else ("answered with an empty body")
            )
        else:
            if answer is not None:
                response.extensions[_PARSED] = answer
                return None
            # Nothing found is a 204; whoever says null has lost the page.
            what = "answered with null in place of data"
        if self.call.is_send:
            return self._unknown(what)
        return self.gate.unreadable(what, response.status_code)

    def _network_error(self, problem: Exception) -> SynkroError:
        name = self.gate.provider
        if isinstance(problem, _NEVER_SENDABLE):
            return ProviderRefused(
                name, f"{name} cannot be asked: base_url or the key is malformed"
            )
        if isinstance(problem, _NOTHING_WAS_SENT):
            host = self.request.url.host
            text = f"{name} cannot be reached at {host}: check the network and base_url, try again"
            return ProviderUnavailable(name, text)
        what = (
            "did not answer in time"
            if isinstance(problem, httpx.TimeoutException)
            else ("broke off in the middle of its answer")
        )
        if self.call.is_send:
            return self._unknown(what)
        return ProviderUnavailable(name, f"{name} {what} ({self.call.action}); try again later")

    def _unknown(self, what: str) -> OutcomeUnknown:
        name = self.gate.provider
        text = f"{name} {what}: it may have been delivered; look before sending it again"
        return OutcomeUnknown(name, text)

    def _penalize(self, error: RateLimited) -> None:
        pause = error.retry_after
        if pause is None:
            pause = min(_LONGEST_GUESS, 2.0 ** (self.call.attempt - 1))
        for rate in self.rates:
            self.gate.limiter.penalize(rate.bucket, pause)

    def _record(
        self,
        response: httpx.Response | None,
        error: SynkroError | None,
        lost: Exception | None = None,
    ) -> None:
        redact = self.gate.redactor
        if error is not None:
            error.args = tuple(redact.text(str(part)) for part in error.args)
        plain = Exchange(
            provider=self.gate.provider,
            action=redact.stored(self.call.action),
            method=self.request.method,
            path=redact.stored(self.request.url.path),
            status=None if response is None else response.status_code,
            error=None if error is None else redact.stored(str(error)),
            started_at=self.started_at,
            duration_ms=round((time.monotonic() - self.started) * 1000),
            attempt=self.call.attempt,
            will_retry=error is not None and self.call.retry.will_retry(error, self.call.attempt),
            error_code=None if error is None else _code(response, lost),
        )
        try:
            told = self._with_payloads(plain, response, error)
        except Exception:  # a body nobody foresaw costs its outline, never the request
            told = plain
        self.gate.log.record(told)

    def _with_payloads(
        self, exchange: Exchange, response: httpx.Response | None, error: SynkroError | None
    ) -> Exchange:
        redact = self.gate.redactor
        request = kept_request(self.request, redact)
        if response is None:
            return replace(exchange, request=request)
        answer = response.extensions.get(_PARSED)
        return replace(
            exchange,
            request=request,
            response=kept_response(response, answer, error, redact),
            error=exchange.error and without_echoes(exchange.error, self.request),
            external_id=external_id(answer),
        )


def parsed(response: httpx.Response) -> Any:
    """The JSON body the gate has already read; None for an empty answer (204)."""
    return response.extensions.get(_PARSED)


def _json(body: bytes) -> Any:
    """The body as values; raises ValueError or RecursionError."""
    try:
        return marked(from_json(body, allow_inf_nan=False), body)
    except ValueError:
        # Twice as slow, and takes what poison records are made of: half characters, for one.
        return json.loads(body, parse_constant=_no_number, parse_int=_integer)


def _masked(response: httpx.Response, redact: Redactor) -> httpx.Response:
    try:
        body = json.dumps(redact.value(json.loads(response.content)), ensure_ascii=False)
    except (ValueError, RecursionError):
        body = redact.text(response.text)
    headers = [
        (name, redact.text(value))
        for name, value in response.headers.multi_items()
        if name != "content-type"
    ]
    return httpx.Response(
        response.status_code,
        headers=headers,
        content=body.encode(errors="replace"),
        request=response.request,
    )


def _code(response: httpx.Response | None, lost: Exception | None) -> str:
    """The code of a failure: the provider's, the HTTP status, or what became of the request."""
    if response is not None:
        code = error_code(body_of(response), response.status_code)
        is_unread = response.is_success and _PARSED not in response.extensions
        return "unreadable" if is_unread and code == str(response.status_code) else code
    if isinstance(lost, _NEVER_SENDABLE):
        return "unsendable"
    if isinstance(lost, _NOTHING_WAS_SENT):
        return "unreachable"
    return "timeout" if isinstance(lost, httpx.TimeoutException) else "broken_off"


def _integer(digits: str) -> int | str:
    """A whole number; its digits where there are more than Python makes one of."""
    return int(digits) if len(digits) <= _MOST_DIGITS else digits


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
