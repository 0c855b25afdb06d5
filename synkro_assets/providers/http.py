"""The one road out: how Synkro's own clients send a request and read its answer.

What lives here: the HTTP client whose every request passes the gate, and the road that adds
address, headers and retries. What does not: pacing, logging and failure texts (``gate``), the
same clients dressed for vendor SDKs (``sdk_transports``), pages (``pagination``).

No redirect is followed and no address outside the configured base is asked: the token in the
headers never leaves for another host.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any
from urllib.parse import quote_plus

import httpx

from synkro_assets.domain.errors import (
    OutcomeUnknown,
    ProviderError,
    ProviderRefused,
    UsageProblem,
)
from synkro_assets.providers.closing import Closing
from synkro_assets.providers.collector import no_collection
from synkro_assets.providers.gate import NETWORK_FAILURES, Call, Gate, parsed
from synkro_assets.providers.no_cookies import NO_COOKIES
from synkro_assets.providers.retry import NEVER_AGAIN, RetryPolicy, Sleeper, sleep

USER_AGENT = "synkro"
# A page of any provider is far below this; more is a fault, not data.
_LARGEST_BODY = 64 * 1024 * 1024

Params = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to connect, between two pieces of an answer, and for the whole answer."""

    connect: float = 5.0
    read: float = 30.0
    whole: float = 120.0

    def for_httpx(self) -> httpx.Timeout:
        return httpx.Timeout(self.read, connect=self.connect)


@cache
def trust() -> ssl.SSLContext:
    """The certificate authorities that are trusted; reading them costs 50 ms, so once."""
    return httpx.create_ssl_context()


class GatedClient(httpx.Client):
    """An httpx client whose every request passes the gate; raises Synkro's errors only.

    One that ``is_plain`` asks no https address and does without certificate authorities.
    """

    def __init__(
        self,
        gate: Gate,
        *,
        timeouts: Timeouts | None = None,
        headers: Mapping[str, str] | None = None,
        transport: httpx.BaseTransport | None = None,
        is_plain: bool = False,
    ) -> None:
        self._gate = gate
        self._limits = timeouts or Timeouts()
        super().__init__(
            headers={"User-Agent": USER_AGENT, **checked_headers(gate.provider, headers or {})},
            timeout=self._limits.for_httpx(),
            transport=transport,
            verify=not is_plain and trust(),
            follow_redirects=False,
        )

    @property
    def cookies(self) -> httpx.Cookies:
        """None: no request is to depend on what a server said to another one."""
        return NO_COOKIES

    @cookies.setter
    def cookies(self, cookies: Any) -> None:
        raise TypeError("no cookies are kept")

    def send(self, request: httpx.Request, **_: Any) -> httpx.Response:
        """Send once, read the whole answer; its error is raised, a success returned."""
        # A collection after the slot has come would send the request too near to the next one's.
        with no_collection():
            passage = self._gate.open(request)
            try:
                response = self._read(request)
            except NETWORK_FAILURES as problem:
                error = passage.lost(problem)
            else:
                verdict = passage.answered(response)
                if verdict is None:
                    return response
                error = verdict
        # Raised out here, so that no library exception (they quote headers) hangs on to it.
        raise error

    def _read(self, request: httpx.Request) -> httpx.Response:
        deadline = time.monotonic() + self._limits.whole
        streamed = super().send(request, stream=True)
        try:
            body = b"".join(bounded(streamed.iter_bytes(), deadline))
        finally:
            streamed.close()
        return whole(streamed, body)


class HttpRoad(Closing):
    """Asks one account of one provider, with retries; a context manager.

    ``base_url`` bounds every address; ``headers`` carry the credentials.
    """

    def __init__(
        self,
        gate: Gate,
        base_url: str,
        *,
        headers: Mapping[str, str],
        timeouts: Timeouts | None = None,
        retry: RetryPolicy | None = None,
        sleeper: Sleeper = sleep,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.provider = gate.provider
        self._gate = gate
        self._base = checked_base_url(gate.provider, base_url)
        self._retry = retry or RetryPolicy()
        self._sleeper = sleeper
        self._client = GatedClient(
            gate,
            timeouts=timeouts,
            headers=headers,
            transport=transport,
            is_plain=self._base.scheme == "http",
        )

    def get(self, target: str, *, action: str, params: Params = ()) -> Any:
        """The JSON answer to a GET, None for 204.

        ``target`` is a path below the base, or a whole address (a page's next link) which must
        lie below it. Raises ProviderRefused, TokenExpired, RateLimited, ProviderUnavailable.
        """
        url = self.address(target, params)

        def attempt(number: int) -> Any:
            with self._gate.call(Call(action, number, retry=self._retry)):
                return parsed(self._client.get(url))

        return self._retry.run(attempt, self._sleeper)

    def send(
        self,
        target: str,
        *,
        action: str,
        params: Params = (),
        json: Mapping[str, Any] | None = None,
        form: Mapping[str, str] | None = None,
        key: Mapping[str, str] | None = None,
    ) -> Any:
        """The JSON answer to a POST that delivers something; made once unless it has a ``key``.

        ``key`` is the header by which the provider recognises a repetition and delivers no second
        time. Raises as ``get``, and OutcomeUnknown when it may have been delivered.
        """
        url, lost = self.address(target, params), list[OutcomeUnknown]()
        headers = checked_headers(self.provider, key or {})
        retry = replace(self._retry, repeats_unknown=True) if key else NEVER_AGAIN

        def attempt(number: int) -> Any:
            try:
                with self._gate.call(Call(action, number, is_send=True, retry=retry)):
                    return parsed(self._client.post(url, json=json, data=form, headers=headers))
            except OutcomeUnknown as problem:
                lost.append(problem)
                raise

        try:
            return retry.run(attempt, self._sleeper)
        except ProviderError as problem:
            error = problem
        if not key and (error.status or 0) >= 500:
            # A gateway in front of the provider answers so for what the provider has accepted.
            error = OutcomeUnknown(
                self.provider,
                f"{error}: it may have been delivered; look first",
                status=error.status,
            )
        raise lost[-1] if lost else error

    def address(self, target: str, params: Params = ()) -> httpx.URL:
        """The checked address of ``target``; ProviderRefused when it lies outside the base."""
        try:
            below = target.startswith("/") and not target.startswith("//")
            # Parsed once and whole: each parsing looks at every character of 8 KiB of ids.
            asked = _with_params(target, params)
            url = httpx.URL(f"{self._base}{asked}" if below else asked)
            url = url if url.is_absolute_url else self._base.join(url)
        except (httpx.InvalidURL, ValueError):
            url = None
        if url is None or not is_below(self._base, url):
            text = f"{self.provider} points to an address outside {self._base.host}: check base_url"
            raise ProviderRefused(self.provider, text)
        return url

    def close(self) -> None:
        self._client.close()


def _with_params(target: str, params: Params) -> str:
    if not params:
        return target
    # As ``urlencode`` does, which quotes each of the same 250 names anew.
    quoted = cache(quote_plus)
    query = "&".join(
        f"{quoted(name)}={value if value.isascii() and value.isalnum() else quoted(value)}"
        for name, value in params
    )
    return f"{target}{'&' if '?' in target else '?'}{query}"


def is_below(base: httpx.URL, url: httpx.URL) -> bool:
    """Same scheme, host and port, no user in it, and a path at or under the base's."""
    same_host = (base.scheme, base.host, base.port) == (url.scheme, url.host, url.port)
    prefix = base.path.rstrip("/")
    same_path = url.path == prefix or url.path.startswith(f"{prefix}/")
    return same_host and same_path and not url.userinfo and ".." not in url.path.split("/")


def checked_base_url(provider: str, base_url: str) -> httpx.URL:
    """``base_url`` without its trailing slash; UsageProblem when it is no http(s) address."""
    try:
        url = httpx.URL(base_url.strip().rstrip("/"))
    except (httpx.InvalidURL, ValueError):
        url = httpx.URL("")
    is_plain = (
        bool(url.host) and not url.query and not url.userinfo and not {"[", "%"} & set(url.host)
    )
    if url.scheme not in ("http", "https") or not is_plain:
        raise UsageProblem(f"the {provider} base_url is not an http(s) address: correct it")
    return url


def checked_headers(provider: str, headers: Mapping[str, str]) -> dict[str, str]:
    """``headers`` when they can be sent; UsageProblem for a key with stray characters in it."""
    for value in headers.values():
        if not (value.isascii() and value.isprintable()):
            raise UsageProblem(f"the {provider} key holds characters no key has: paste it again")
    return dict(headers)


def bounded(chunks: Iterable[bytes], deadline: float) -> Iterable[bytes]:
    """``chunks`` while they keep within the deadline (monotonic seconds) and the size limit."""
    size = 0
    for chunk in chunks:
        size += len(chunk)
        check_bounds(size, deadline)
        yield chunk


def check_bounds(size: int, deadline: float) -> None:
    """Raise httpx errors for an answer that drips for ever or never ends."""
    if size > _LARGEST_BODY:
        raise httpx.DecodingError("the answer is larger than any page")
    if time.monotonic() > deadline:
        raise httpx.ReadTimeout("the answer takes too long as a whole")


def whole(streamed: httpx.Response, body: bytes) -> httpx.Response:
    """A finished response of a streamed one; refuses a body shorter than it was announced."""
    announced = streamed.headers.get("content-length", "")
    is_packed = "content-encoding" in streamed.headers
    if announced.isdigit() and not is_packed and len(body) < int(announced):
        raise httpx.RemoteProtocolError("the body is shorter than its content-length")
    dropped = ("content-encoding", "content-length", "transfer-encoding")
    headers = [(k, v) for k, v in streamed.headers.multi_items() if k.lower() not in dropped]
    return httpx.Response(
        streamed.status_code, headers=headers, content=body, request=streamed.request
    )
