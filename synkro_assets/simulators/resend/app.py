"""Resend's routes and who may use them.

Lives here: the key, the rate, domains and one e-mail by its id. Not here: sending (``sending``).
"""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from synkro_assets.simulators.state import SimulatorState, TenantWorld

from .answers import refusal
from .sending import Desk

Handler = Callable[[Request, TenantWorld], Awaitable[Response]]


def mail_domain(world: TenantWorld) -> str:
    """The domain the tenant sends from."""
    return f"{world.company.tenant}.example"


def routes(state: SimulatorState) -> list[BaseRoute]:
    """Every route below ``/resend``."""
    desk = Desk(state, mail_domain)

    async def domains(request: Request, world: TenantWorld) -> Response:
        status = state.switches["resend_domain_status"]
        row = {
            "id": "d91cd9bd-1176-453e-8fc1-35364d380206",
            "name": mail_domain(world),
            "status": status,
            "created_at": "2026-01-01 00:00:00.000000+00",
            "region": "eu-west-1",
        }
        return JSONResponse({"object": "list", "has_more": False, "data": [row] if status else []})

    async def email(request: Request, world: TenantWorld) -> Response:
        name = request.path_params["email_id"]
        row = state.inbox.found("resend", world.company.tenant, name)
        if row is None:
            return refusal(404, "not_found", "Email not found")
        return JSONResponse({**row, "object": "email", "last_event": "delivered"})

    async def unknown(request: Request) -> Response:
        return refusal(404, "not_found", "The requested endpoint does not exist")

    async def not_allowed(request: Request) -> Response:
        return refusal(405, "method_not_allowed", "Method is not allowed for the requested path")

    every = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    return [
        Route("/domains", guarded(domains, state), methods=["GET"]),
        Route("/emails/{email_id}", guarded(email, state), methods=["GET"]),
        Route("/emails", guarded(desk.send, state, is_send=True), methods=["POST"]),
        Route("/emails", not_allowed, methods=every),
        Route("/domains", not_allowed, methods=every),
        Route("/{rest:path}", unknown, methods=every),
    ]


def guarded(
    handler: Handler, state: SimulatorState, *, is_send: bool = False
) -> Callable[[Request], Awaitable[Response]]:
    """The handler behind the key and the team's rate."""

    async def endpoint(request: Request) -> Response:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key:
            return refusal(401, "missing_api_key", "Missing API key in the authorization header")
        world = state.by_credential("resend_key", key)
        if world is None:
            return refusal(403, "invalid_api_key", "API key is invalid")
        if state.switches["resend_key_only_sends"] and not is_send:
            text = "This API key is restricted to only send emails"
            return refusal(401, "restricted_api_key", text)
        limits, name = state.limits, f"resend {key}"
        if limits["enabled"] and not limits.windows.admit(name, limits["resend_per_second"]):
            headers = {"retry-after": "1", "ratelimit-remaining": "0", "ratelimit-reset": "1"}
            text = "Too many requests. You can only make 2 requests per second."
            return refusal(429, "rate_limit_exceeded", text, headers)
        return await handler(request, world)

    return endpoint
