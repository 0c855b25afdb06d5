"""Whapi: the channel's state and text messages.

Lives here: every answer below ``/whapi``. Not here: what arrived (``inbox``).
"""

import re
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from synkro_assets.simulators.state import SimulatorState, TenantWorld

CODES = {"INIT": 0, "LAUNCH": 1, "QR": 2, "AUTH": 4, "STOP": 5, "SYNC_ERROR": 6}
RECIPIENT = re.compile(r"\d{7,15}(@s\.whatsapp\.net)?|[\d-]+@(g\.us|newsletter)")

Handler = Callable[[Request, TenantWorld], Awaitable[Response]]


def refusal(code: int, message: str) -> Response:
    """An error answer."""
    return JSONResponse({"error": {"code": code, "message": message}}, code)


def routes(state: SimulatorState) -> list[BaseRoute]:
    """Every route below ``/whapi``."""

    async def health(request: Request, world: TenantWorld) -> Response:
        text = state.switches["whapi_state"]
        status = {"code": CODES.get(text, 9), "text": text}
        return JSONResponse({"status": status, "uptime": 3600, "version": "1.8.6"})

    async def send(request: Request, world: TenantWorld) -> Response:
        try:
            document = await request.json()
        except ValueError:
            return refusal(400, "the body is not JSON")
        given = document if isinstance(document, dict) else {}
        to, body = given.get("to"), given.get("body")
        if not isinstance(to, str) or not RECIPIENT.fullmatch(to):
            return refusal(400, "wrong chat id")
        if not isinstance(body, str) or not body:
            return refusal(400, "body is required")
        if state.switches["whapi_state"] != "AUTH":
            return JSONResponse({"sent": False})
        tenant, now = world.company.tenant, state.clock.now()
        number = len(state.inbox.of("whapi", tenant)) + 1
        row = {"id": f"PsqXn5SA{number:06}-gBkTkXU", "to": to, "body": body}
        state.inbox.add("whapi", tenant, row)
        chat_id = to if "@" in to else f"{to}@s.whatsapp.net"
        message = {"id": row["id"], "from_me": True, "type": "text", "chat_id": chat_id,
                   "timestamp": int(now.timestamp()), "text": {"body": body}}  # fmt: skip
        return JSONResponse({"sent": True, "message": {**message, "status": "pending"}})

    async def unknown(request: Request) -> Response:
        return refusal(404, "path not found")

    return [
        Route("/health", guarded(health, state), methods=["GET"]),
        Route("/messages/text", guarded(send, state), methods=["POST"]),
        Route("/{rest:path}", unknown, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
    ]


def guarded(handler: Handler, state: SimulatorState) -> Callable[[Request], Awaitable[Response]]:
    """The handler behind the channel's token."""

    async def endpoint(request: Request) -> Response:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        world = state.by_credential("whapi_token", token)
        if scheme.lower() != "bearer" or world is None:
            return refusal(401, "Need channel authorization")
        return await handler(request, world)

    return endpoint
