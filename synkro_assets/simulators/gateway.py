"""The door every provider request comes through.

Lives here: applying faults, timing the handler, writing the log row. Not here: deciding which fault
(``faults``), what the providers answer (their own packages), the control interface.
"""

import asyncio
import json
import time
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .faults import close_connection, send_half
from .log import RequestRow, masked_path, masked_query
from .state import SimulatorState

PROVIDERS = {
    "amocrm": "amocrm", "oauth2": "amocrm", "radist": "radist", "telegram": "telegram",
    "gemini": "gemini", "resend": "resend", "whapi": "whapi", "mobizon": "mobizon",
}  # fmt: skip


def fault_response(action: dict[str, Any]) -> Response:
    """The answer a fault gives instead of the handler's."""
    body, headers = action.get("body", ""), dict(action.get("headers") or {})
    names = {name.lower() for name in headers}
    if not isinstance(body, str):
        body = json.dumps(body, ensure_ascii=False)
        if "content-type" not in names:
            headers["content-type"] = "application/json"
    elif "content-type" not in names:
        headers["content-type"] = "text/plain; charset=utf-8"
    return Response(body, status_code=int(action.get("status", 500)), headers=headers)


class Gateway:
    """ASGI middleware around the whole application; other paths pass untouched."""

    def __init__(self, app: ASGIApp, state: SimulatorState) -> None:
        self.app = app
        self.state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or pass it on when it is no provider's."""
        first = scope["path"].split("/", 2)[1] if scope["type"] == "http" else ""
        provider = PROVIDERS.get(first)
        if provider is None:
            await self.app(scope, receive, send)
            return
        query = scope["query_string"].decode("latin-1")
        target = scope["path"] + (f"?{query}" if query else "")
        started, started_at = time.monotonic(), self.state.clock.now().isoformat()
        outcome: dict[str, Any] = {"status": None, "seconds": 0.0}
        action = self.state.faults.take(provider, scope["method"], target)
        try:
            await self._serve(action or {}, scope, receive, send, outcome)
        finally:
            self.state.log.add(
                RequestRow(
                    provider=provider,
                    method=scope["method"],
                    path=masked_path(scope["path"]),
                    query=masked_query(query),
                    status=outcome["status"],
                    started_at=started_at,
                    started=started,
                    handler_seconds=outcome["seconds"],
                )
            )

    async def _serve(
        self,
        action: dict[str, Any],
        scope: Scope,
        receive: Receive,
        send: Send,
        outcome: dict[str, Any],
    ) -> None:
        if action.get("delay_seconds"):
            await asyncio.sleep(float(action["delay_seconds"]))
        if action.get("drop_before"):
            await close_connection(scope, receive)
            return
        handler = fault_response(action) if "status" in action or "body" in action else self.app
        if action.get("drop_after_commit"):
            handler = self.app
        hold = bool(action.get("drop_after_commit") or action.get("close_mid_body"))
        held: list[Message] = []

        async def forward(message: Message) -> None:
            if message["type"] == "http.response.start":
                outcome["status"] = message["status"]
                if handler is self.app and action.get("headers"):
                    extra = [(k.encode(), str(v).encode()) for k, v in action["headers"].items()]
                    message = {**message, "headers": [*message.get("headers", []), *extra]}
            if hold:
                held.append(message)
            else:
                await send(message)

        before = time.perf_counter()
        await handler(scope, receive, forward)
        outcome["seconds"] = time.perf_counter() - before
        if action.get("drop_after_commit"):
            await close_connection(scope, receive)
        elif hold:
            await send_half(held, scope, receive, send)
