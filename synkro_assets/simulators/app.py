"""The application: every provider and the control interface under one roof.

Lives here: the mounts. Not here: how it is served (``server``).
"""

from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route, Router

from .amocrm.app import routes as amocrm_routes
from .amocrm.oauth import DOMAIN_PATH, TokenBook, account_domain
from .control.app import routes as control_routes
from .gateway import Gateway
from .gemini.app import routes as gemini_routes
from .mobizon.app import routes as mobizon_routes
from .radist.app import routes as radist_routes
from .resend.app import routes as resend_routes
from .state import SimulatorState
from .telegram.app import routes as telegram_routes
from .telegram.store import TelegramStore
from .whapi.app import routes as whapi_routes


def create_app(
    *, seed: int = 1, state_dir: Path | None = None, dialogs: Path | None = None
) -> Starlette:
    """A fresh set of simulators; ``state_dir`` keeps Telegram's chats across restarts."""
    state = SimulatorState(seed=seed, dialogs=dialogs)
    book, telegram = TokenBook(state), TelegramStore(state_dir)
    mounts = {
        "/amocrm": amocrm_routes(state, book),
        "/radist": radist_routes(state),
        "/telegram": telegram_routes(state, telegram),
        "/gemini": gemini_routes(state),
        "/resend": resend_routes(state),
        "/whapi": whapi_routes(state),
        "/mobizon": mobizon_routes(state),
        "/control": control_routes(state, book, telegram),
    }

    async def domain(request: Request) -> Response:
        return await account_domain(request, book)

    return Starlette(
        routes=[
            # A token's api_domain is a host and nothing else.
            Route(DOMAIN_PATH, domain, methods=["GET"]),
            *(
                Mount(path, app=Router(routes, redirect_slashes=False))
                for path, routes in mounts.items()
            ),
        ],
        middleware=[Middleware(Gateway, state=state)],
    )
