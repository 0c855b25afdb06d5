"""The control routes.

Lives here: which path is answered by whom, and the list of them all. Not here: the answers.
"""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from synkro_assets.simulators.amocrm.oauth import TokenBook
from synkro_assets.simulators.state import SimulatorState
from synkro_assets.simulators.telegram.store import TelegramStore

from .answers import Endpoint, forgiving
from .messages import Messages
from .trouble import Trouble
from .worlds import Worlds


async def healthz(request: Request) -> Response:
    """``GET /control/healthz``."""
    return JSONResponse({"status": "ok"})


_Line = tuple[str, list[str], Endpoint]


def routes(state: SimulatorState, book: TokenBook, telegram: TelegramStore) -> list[BaseRoute]:
    """Every route below ``/control``."""
    worlds = Worlds(state, book, telegram)
    trouble, messages = Trouble(state), Messages(state, telegram, worlds)

    table: list[_Line] = [
        ("/healthz", ["GET"], healthz),
        ("/worlds", ["GET"], worlds.index),
        ("/worlds", ["POST"], worlds.load),
        ("/worlds/{tenant}", ["DELETE"], worlds.remove),
        ("/worlds/{tenant}/truth", ["GET"], worlds.truth),
        ("/faults", ["GET"], trouble.list_faults),
        ("/faults", ["POST"], trouble.add_fault),
        ("/faults", ["DELETE"], trouble.clear_faults),
        ("/faults/{fault_id:int}", ["DELETE"], trouble.remove_fault),
        ("/limits", ["GET", "POST", "DELETE"], trouble.limits),
        ("/switches", ["GET", "POST", "DELETE"], trouble.switches),
        ("/clock", ["GET", "PUT"], trouble.clock),
        ("/log", ["GET", "DELETE"], trouble.log),
        ("/radist/messages", ["POST"], messages.radist),
        ("/radist/chats", ["POST"], messages.new_chat),
        ("/telegram/messages", ["GET"], messages.read_telegram),
        ("/telegram/messages", ["POST"], messages.write_telegram),
        ("/inbox/{provider}", ["GET"], messages.read_inbox),
        ("/amocrm/leads/{tenant}/{lead_id:int}", ["POST"], messages.change_lead),
        ("/amocrm/contacts/{tenant}/{contact_id:int}", ["POST"], messages.change_contact),
        ("/amocrm/leads/{tenant}", ["POST"], messages.import_leads),
        ("/amocrm/oauth/{tenant}", ["POST"], worlds.oauth_code),
    ]

    return [
        Route("/", _index(table), methods=["GET"]),
        *(Route(path, forgiving(endpoint), methods=methods) for path, methods, endpoint in table),
    ]


def _index(table: Sequence[_Line]) -> Endpoint:
    async def index(request: Request) -> Response:
        """What there is to be controlled."""
        listed = [
            {"path": f"/control{path}", "methods": methods,
             "does": (endpoint.__doc__ or "").strip().split("\n")[0]}
            for path, methods, endpoint in table
        ]  # fmt: skip
        return JSONResponse({"control": listed})

    return index
