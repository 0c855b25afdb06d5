"""The application: every provider and the control interface under one roof.

Lives here: the mounts. Not here: how it is served (``server``).
"""

from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount, Router

from .amocrm.app import routes as amocrm_routes
from .amocrm.oauth import TokenBook
from .control.app import routes as control_routes
from .gateway import Gateway
from .gemini.app import routes as gemini_routes
from .radist.app import routes as radist_routes
from .state import SimulatorState
from .telegram.app import routes as telegram_routes
from .telegram.store import TelegramStore


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
        "/control": control_routes(state, book, telegram),
    }
    return Starlette(
        routes=[
            Mount(path, app=Router(routes, redirect_slashes=False))
            for path, routes in mounts.items()
        ],
        middleware=[Middleware(Gateway, state=state)],
    )
