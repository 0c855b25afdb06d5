"""amoCRM's routes.

Lives here: which path is answered by whom. Not here: the answers.
"""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route, Router

from synkro_assets.simulators.state import SimulatorState

from . import contacts, directory, events, leads
from .answers import problem
from .door import Handler, guarded
from .oauth import DOMAIN_PATH, TokenBook, access_token, account_domain, authorize

METHODS = ["GET", "HEAD", "POST", "PATCH", "PUT", "DELETE"]
READS: list[tuple[str, str, Handler]] = [
    ("/account", "account", directory.account),
    ("/users", "users", directory.users),
    ("/users/{user_id:int}", "users", directory.user),
    ("/leads", "leads", leads.leads),
    ("/leads/links", "leads", leads.all_links),
    ("/leads/pipelines", "pipelines", directory.pipelines),
    ("/leads/pipelines/{pipeline_id:int}", "pipelines", directory.pipeline),
    ("/leads/pipelines/{pipeline_id:int}/statuses", "pipelines", directory.statuses),
    ("/leads/loss_reasons", "loss_reasons", directory.loss_reasons),
    ("/leads/{lead_id:int}", "leads", leads.lead),
    ("/leads/{lead_id:int}/links", "leads", leads.links),
    ("/contacts", "contacts", contacts.contacts),
    ("/contacts/chats", "contacts", contacts.chats),
    ("/contacts/{contact_id:int}", "contacts", contacts.contact),
    ("/events", "events", events.events),
    ("/events/types", "events", events.event_types),
]


def routes(state: SimulatorState, book: TokenBook) -> list[BaseRoute]:
    """Every route below ``/amocrm``: those of an account by its name, and of any by its token."""

    async def token(request: Request) -> Response:
        return await access_token(request, book)

    async def consent(request: Request) -> Response:
        return await authorize(request, book)

    async def domain(request: Request) -> Response:
        return await account_domain(request, book)

    def unknown(visit: object) -> Response:
        return problem(404, "Not found")

    wrap = partial(guarded, state=state, book=book)
    reads: list[BaseRoute] = [
        Route(f"/api/v4{path}", wrap(entity, handler), methods=METHODS)
        for path, entity, handler in READS
    ]
    known: list[BaseRoute] = [
        Route("/oauth2/access_token", token, methods=["POST"]),
        Route(DOMAIN_PATH, domain, methods=["GET"]),
        Route("/oauth", consent, methods=["GET"]),
        *reads,
    ]
    other = Route("/{rest:path}", wrap("unknown", unknown), methods=METHODS)
    one_account = Router([*known, other], redirect_slashes=False)
    return [*known, Mount("/accounts/{account}", app=one_account), other]
