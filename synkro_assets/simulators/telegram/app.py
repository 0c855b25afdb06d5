"""The Bot API's methods by name.

Lives here: finding the bot by its token and the method by its name. Not here: what methods do.
"""

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from synkro_assets.simulators.state import SimulatorState

from .answers import Refusal, done
from .directory import Directory
from .parameters import Parameters, parameters_of
from .sending import Sender
from .store import Bot, TelegramStore
from .updates import delete_webhook, get_updates, set_webhook, webhook_info

Method = Callable[[Bot, Parameters], Any]


def methods(state: SimulatorState, store: TelegramStore) -> dict[str, Method]:
    """Every method, by its lower-case name."""
    sender, directory = Sender(state, store), Directory(state)
    return {
        "getme": directory.get_me,
        "getchat": directory.get_chat,
        "getchatmember": directory.get_member,
        "getchatadministrators": directory.get_administrators,
        "sendmessage": sender.send_message,
        "sendphoto": lambda bot, given: sender.send_file(bot, given, "photo"),
        "senddocument": lambda bot, given: sender.send_file(bot, given, "document"),
        "editmessagetext": sender.edit_text,
        "deletemessage": sender.delete,
        "answercallbackquery": lambda bot, given: True,
        "setmycommands": directory.set_commands,
        "getmycommands": lambda bot, given: bot.commands,
        "setwebhook": set_webhook,
        "deletewebhook": delete_webhook,
        "getwebhookinfo": lambda bot, given: webhook_info(bot),
    }


def routes(state: SimulatorState, store: TelegramStore) -> list[BaseRoute]:
    """Every route below ``/telegram``."""
    known = methods(state, store)

    async def call(request: Request) -> Response:
        token, name = request.path_params["token"], request.path_params["method"]
        try:
            if not token.partition(":")[0].isdigit():
                raise Refusal(404, "Not Found")
            bot = store.bots.get(token)
            if bot is None:
                raise Refusal(401, "Unauthorized")
            given = await parameters_of(request)
            if name.lower() == "getupdates":
                return done(await get_updates(store, bot, given, request.is_disconnected))
            method = known.get(name.lower())
            if method is None:
                raise Refusal(404, "Not Found")
            return done(method(bot, given))
        except Refusal as refusal:
            return refusal.response()

    async def unknown(request: Request) -> Response:
        return Refusal(404, "Not Found").response()

    return [
        Route("/bot{token}/{method}", call, methods=["GET", "POST"]),
        Route("/{rest:path}", unknown, methods=["GET", "POST"]),
    ]
