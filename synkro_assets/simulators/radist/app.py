"""Radist's routes.

Lives here: which path is answered by whom. Not here: the answers.
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from synkro_assets.simulators.state import SimulatorState

from . import directory, feed, sending
from .answers import refusal
from .door import Handler, guarded

COMPANY = "/v2/companies/{company_id:int}"
READS: list[tuple[str, str, Handler]] = [
    ("/v2/users/me", "", directory.me),
    ("/v2/companies/", "", directory.companies),
    (f"{COMPANY}/connections/", "connections", directory.connections),
    (f"{COMPANY}/connections/{{connection_id:int}}", "connections", directory.connection),
    (f"{COMPANY}/connections/{{connection_id:int}}/", "connections", directory.connection),
    (f"{COMPANY}/messaging/chats/sources/", "messaging", directory.sources),
    (f"{COMPANY}/messaging/chats/with_contacts/", "messaging", feed.with_contacts),
    (f"{COMPANY}/messaging/messages/", "messaging", feed.messages),
]


def routes(state: SimulatorState) -> list[BaseRoute]:
    """Every route below ``/radist``."""

    async def unknown(request: Request) -> Response:
        return refusal(state.switches, 404, "Not Found")

    reads: list[BaseRoute] = [
        Route(path, guarded(scope, handler, state), methods=["GET"])
        for path, scope, handler in READS
    ]
    messages = f"{COMPANY}/messaging/messages/"
    send = guarded("messaging", sending.send, state)
    return [
        *reads,
        Route(messages, send, methods=["POST"]),
        Route("/{rest:path}", unknown, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
    ]
