"""The Bot API's methods by name.

Lives here: finding the bot by its token and the method by its name. Not here: what methods do.
"""

import inspect
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ..state import SimulatorState
from .answers import Refusal, done
from .parameters import Parameters, parameters_of
from .sending import Sender, known_chat
from .store import Bot, TelegramStore
from .updates import delete_webhook, get_updates, set_webhook, webhook_info

Method = Callable[[Bot, Parameters], Any]
MEMBER_IDS = range(1, 2**52)


def methods(state: SimulatorState, store: TelegramStore) -> dict[str, Method]:
    """Every method, by its lower-case name."""
    sender = Sender(state, store)

    def get_me(bot: Bot, given: Parameters) -> dict[str, Any]:
        return {**bot.user(), "can_join_groups": True, "can_read_all_group_messages": False,
                "supports_inline_queries": False}  # fmt: skip

    def get_chat(bot: Bot, given: Parameters) -> dict[str, Any]:
        known_chat(state, bot, given)
        return {**bot.chat(), "accent_color_id": 0, "max_reaction_count": 11,
                "accepted_gift_types": {"unlimited_gifts": False, "limited_gifts": False,
                                        "unique_gifts": False, "premium_subscription": False,
                                        "gifts_from_channels": False}}  # fmt: skip

    def get_member(bot: Bot, given: Parameters) -> dict[str, Any]:
        known_chat(state, bot, given)
        user_id = given.number("user_id")
        if user_id == bot.bot_id:
            return {"status": "member", "user": bot.user()}
        if user_id not in MEMBER_IDS:
            raise Refusal(400, "Bad Request: invalid user_id specified")
        user = {"id": user_id, "is_bot": False, "first_name": "Member"}
        return {"status": "member", "user": user}

    def get_administrators(bot: Bot, given: Parameters) -> list[dict[str, Any]]:
        known_chat(state, bot, given)
        owner = {"id": 700_000_001, "is_bot": False, "first_name": "Owner"}
        return [{"status": "creator", "user": owner, "is_anonymous": False}]

    def set_commands(bot: Bot, given: Parameters) -> bool:
        bot.commands = given.document("commands") or []
        return True

    return {
        "getme": get_me,
        "getchat": get_chat,
        "getchatmember": get_member,
        "getchatadministrators": get_administrators,
        "sendmessage": sender.send_message,
        "sendphoto": lambda bot, given: sender.send_file(bot, given, "photo"),
        "senddocument": lambda bot, given: sender.send_file(bot, given, "document"),
        "editmessagetext": sender.edit_text,
        "deletemessage": sender.delete,
        "answercallbackquery": lambda bot, given: True,
        "setmycommands": set_commands,
        "getmycommands": lambda bot, given: bot.commands,
        "getupdates": lambda bot, given: get_updates(store, bot, given),
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
            method = known.get(name.lower())
            if method is None:
                raise Refusal(404, "Not Found")
            result = method(bot, await parameters_of(request))
            return done(await result if inspect.isawaitable(result) else result)
        except Refusal as refusal:
            return refusal.response()

    async def unknown(request: Request) -> Response:
        return Refusal(404, "Not Found").response()

    return [
        Route("/bot{token}/{method}", call, methods=["GET", "POST"]),
        Route("/{rest:path}", unknown, methods=["GET", "POST"]),
    ]
