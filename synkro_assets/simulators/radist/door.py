"""Who may read: the checks before any Radist answer.

Lives here: the API key, the company, scopes, both rate limits. Not here: the answers.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from synkro_assets.simulators.poison import with_poison
from synkro_assets.simulators.present import Present
from synkro_assets.simulators.state import SimulatorState, TenantWorld
from synkro_assets.simulators.unknown_fields import with_unknown_fields

from .answers import refusal


@dataclass(frozen=True)
class Visit:
    """A request that was let in."""

    request: Request
    world: TenantWorld
    state: SimulatorState
    present: Present

    def refuse(self, status: int, detail: str) -> Response:
        """An error answer."""
        return refusal(self.state.switches, status, detail)


Handler = Callable[[Visit], Awaitable[Response]]


def _too_fast(request: Request, state: SimulatorState, key: str) -> bool:
    limits = state.limits
    if not limits["enabled"]:
        return False
    path = request.url.path
    if not limits.windows.admit(f"radist {key}", limits["radist_per_second"]):
        return True
    if "/chats/" not in path and "/contacts/" not in path:
        return False
    return not limits.windows.admit(f"radist chats {key}", limits["radist_chats_per_second"])


def guarded(
    scope: str, handler: Handler, state: SimulatorState
) -> Callable[[Request], Awaitable[Response]]:
    """The handler behind all checks, as an endpoint."""

    async def endpoint(request: Request) -> Response:
        switches = state.switches
        key = request.headers.get("x-api-key", "")
        world = state.by_radist_key(key)
        if world is None:
            return refusal(switches, 401, "Invalid API key")
        if _too_fast(request, state, key):
            after = switches["radist_retry_after"]
            headers = {"Retry-After": str(after)} if after is not None else None
            return refusal(switches, 429, "Too many requests", headers)
        company_id = request.path_params.get("company_id")
        if company_id is not None and company_id != world.company.company_id:
            return refusal(switches, 404, "Company not found")
        if scope in switches["radist_missing_scope"]:
            return refusal(switches, 403, f"The key has no {scope} scope")
        present = Present(world, state.clock.now())
        answer = await handler(Visit(request, world, state, present))
        if switches["radist_unknown_fields"]:
            answer = with_unknown_fields(answer)
        return with_poison(answer, switches["radist_poison"])

    return endpoint
