"""The one road out, dressed as what vendor SDKs expect to be handed.

What lives here: the httpx clients for google-genai and supabase and the request object for
python-telegram-bot. What does not: the gate they pass (``gate``), the clients that use the SDKs
(``gemini``, ``supabase``, ``telegram``).

All raise Synkro's errors out of the SDK, so the SDKs' own retries and error texts (which quote
addresses and headers) never come into play.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import httpx

from synkro_assets.providers.gate import NETWORK_FAILURES, Gate
from synkro_assets.providers.http import (
    USER_AGENT,
    GatedClient,
    Timeouts,
    check_bounds,
    trust,
    whole,
)

if TYPE_CHECKING:
    from telegram.request import BaseRequest, RequestData


def genai_client(
    gate: Gate, *, timeouts: Timeouts, transport: httpx.BaseTransport | None = None
) -> httpx.Client:
    """The client for ``HttpOptions(httpx_client=…)``; the caller closes it, the SDK does not."""
    return GatedClient(gate, timeouts=timeouts, transport=transport)


class ApiKeyClient(GatedClient):
    """Leaves out the ``Authorization`` that the SDK makes of any key.

    Supabase's opaque keys are no tokens: older stacks answer 401 when one stands there.
    """

    def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        request.headers.pop("Authorization", None)
        return super().send(request, **options)


def supabase_client(
    gate: Gate,
    *,
    is_bearer: bool,
    timeouts: Timeouts,
    transport: httpx.BaseTransport | None = None,
) -> httpx.Client:
    """The client for ``ClientOptions(httpx_client=…)``; ``is_bearer`` says the key is a token.

    The caller closes it, the SDK does not.
    """
    kind = GatedClient if is_bearer else ApiKeyClient
    return kind(gate, timeouts=timeouts, transport=transport)


class GatedAsyncClient(httpx.AsyncClient):
    """``GatedClient`` for an event loop that serves one call only.

    The limiter's wait blocks that loop, which keeps nobody else waiting.
    """

    def __init__(
        self, gate: Gate, *, timeouts: Timeouts, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._gate = gate
        self._limits = timeouts
        super().__init__(
            headers={"User-Agent": USER_AGENT},
            timeout=timeouts.for_httpx(),
            transport=transport,
            verify=trust(),
            follow_redirects=False,
        )

    async def send(self, request: httpx.Request, **_: Any) -> httpx.Response:
        """Send once, read the whole answer; its error is raised, a success returned."""
        passage = self._gate.open(request)
        try:
            response = await self._read(request)
        except NETWORK_FAILURES as problem:
            error = passage.lost(problem)
        else:
            verdict = passage.answered(response)
            if verdict is None:
                return response
            error = verdict
        raise error

    async def _read(self, request: httpx.Request) -> httpx.Response:
        deadline = time.monotonic() + self._limits.whole
        streamed = await super().send(request, stream=True)
        body = bytearray()
        try:
            async for chunk in streamed.aiter_bytes():
                body += chunk
                check_bounds(len(body), deadline)
        finally:
            await streamed.aclose()
        return whole(streamed, bytes(body))


def telegram_request(
    gate: Gate, *, timeouts: Timeouts, transport: httpx.AsyncBaseTransport | None = None
) -> BaseRequest:
    """A ``telegram.request.BaseRequest`` over the gated client, for one event loop.

    python-telegram-bot wraps the Synkro error it raises into its own; it is that one's
    ``__cause__``.
    """
    from telegram.request import BaseRequest

    class GatedRequest(BaseRequest):
        """One client from ``initialize`` to ``shutdown``."""

        @property
        def read_timeout(self) -> float | None:
            return timeouts.read

        async def initialize(self) -> None:
            self._client = GatedAsyncClient(gate, timeouts=timeouts, transport=transport)

        async def shutdown(self) -> None:
            await self._client.aclose()

        async def do_request(
            self, url: str, method: str, request_data: RequestData | None = None, *_: Any, **__: Any
        ) -> tuple[int, bytes]:
            form = request_data.json_parameters if request_data else None
            files = request_data.multipart_data if request_data else None
            response = await self._client.request(method, url, data=form, files=files)
            return response.status_code, response.content

    return GatedRequest()
