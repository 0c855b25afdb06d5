"""Who may read: the checks before any amoCRM answer.

Lives here: sign-in, rate limit, ban, payment, rights, URL length. Not here: the answers.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import Response

from synkro_assets.simulators.poison import with_poison
from synkro_assets.simulators.present import Present
from synkro_assets.simulators.state import SimulatorState, TenantWorld
from synkro_assets.simulators.unknown_fields import with_unknown_fields

from .answers import BLOCKED, UNPAID, named_account, origin, problem
from .oauth import TokenBook, has_moved_from
from .query import BadQuery, Query


@dataclass(frozen=True)
class Visit:
    """A request that was let in."""

    request: Request
    query: Query
    world: TenantWorld
    state: SimulatorState
    present: Present

    @cached_property
    def base(self) -> str:
        """The account's address as the client wrote it."""
        return origin(self.request)

    def chosen(self, choose: Callable[[], list[Any]]) -> list[Any]:
        """What the request's list holds, chosen once for all its pages while nothing changes."""
        terms = (self.request.url.path, self.query.is_filtering, self.query.terms)
        return self.present.standing.chosen(terms, choose)


Handler = Callable[[Visit], Response]


def _refusal(state: SimulatorState, account: str) -> Response | None:
    """The refusal for going too fast, or ``None``; all tokens of an account count together."""
    limits, switches = state.limits, state.switches
    if not limits["enabled"]:
        return None
    if limits.is_banned(account, state.clock.now()):
        return problem(403, BLOCKED)
    if limits.windows.admit(f"amocrm {account}", limits["amocrm_per_second"]):
        return None
    limits.breaches[account] += 1
    after = switches["amocrm_retry_after"]
    headers = {"Retry-After": str(after)} if after is not None else None
    if switches["amocrm_html_429"]:
        page = "<html><head><title>429 Too Many Requests</title></head></html>"
        return Response(page, 429, headers, media_type="text/html")
    return problem(429, "Too many requests", headers)


def _is_too_long(request: Request, most: int) -> bool:
    return len(request.scope.get("raw_path") or b"") + len(request.scope["query_string"]) > most


def guarded(
    entity: str, handler: Handler, state: SimulatorState, book: TokenBook
) -> Callable[[Request], Awaitable[Response]]:
    """The handler behind all checks, as an endpoint."""

    async def endpoint(request: Request) -> Response:
        answer = _answer(request)
        if state.switches["amocrm_request_id"]:
            answer.headers["X-Request-Id"] = uuid4().hex
        return answer

    def _answer(request: Request) -> Response:
        if request.method != "GET":
            return problem(405, f"{request.method} is not allowed here")
        if _is_too_long(request, state.switches["amocrm_longest_address"]):
            page = "<html><h1>414 Request-URI Too Large</h1></html>"
            return Response(page, 414, media_type="text/html")
        scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
        world = book.tenant_of(bearer) if scheme.lower() == "bearer" else None
        if world and named_account(request) not in (None, world.company.tenant):
            world = None
        refusal = _refusal(state, world.company.tenant if world else bearer)
        if refusal is not None:
            return refusal
        if world is None or has_moved_from(request, state):
            return problem(401, "Unauthorized")
        if state.switches["amocrm_unpaid"]:
            return problem(402, UNPAID)
        if entity in state.switches["amocrm_forbidden"]:
            return problem(403, f"No rights for {entity}")
        try:
            query, present = Query(request, state.switches), Present(world, state.clock.now())
            answer = handler(Visit(request, query, world, state, present))
        except BadQuery as error:
            return problem(400, str(error))
        if state.switches["amocrm_unknown_fields"]:
            answer = with_unknown_fields(answer)
        return with_poison(answer, state.switches["amocrm_poison"])

    return endpoint
