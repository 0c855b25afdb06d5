"""Who the bot is, where it sits, who is with it.

Lives here: ``getMe``, ``getChat``, members, commands. Not here: messages (``sending``).
"""

from typing import Any

from synkro_assets.simulators.state import SimulatorState

from .answers import Refusal
from .parameters import Parameters
from .sending import known_chat
from .store import Bot

OWNER = {"id": 700_000_001, "is_bot": False, "first_name": "Owner"}
MEMBER_IDS = range(1, 2**52)
GIFTS = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription",
         "gifts_from_channels")  # fmt: skip


class Directory:
    """The methods that only tell."""

    def __init__(self, state: SimulatorState) -> None:
        self.state = state

    def get_me(self, bot: Bot, given: Parameters) -> dict[str, Any]:
        """``getMe``."""
        abilities = {"can_join_groups": True, "can_read_all_group_messages": False}
        return {**bot.user(), **abilities, "supports_inline_queries": False}

    def get_chat(self, bot: Bot, given: Parameters) -> dict[str, Any]:
        """``getChat``."""
        known_chat(self.state, bot, given)
        extra = {"accent_color_id": 0, "max_reaction_count": 11}
        return {**bot.chat(), **extra, "accepted_gift_types": dict.fromkeys(GIFTS, False)}

    def get_member(self, bot: Bot, given: Parameters) -> dict[str, Any]:
        """``getChatMember``: everybody is a member, the owner is the creator."""
        known_chat(self.state, bot, given)
        user_id = given.number("user_id")
        if user_id == bot.bot_id:
            return {"status": "member", "user": bot.user()}
        if user_id == OWNER["id"]:
            return {"status": "creator", "user": OWNER, "is_anonymous": False}
        if user_id not in MEMBER_IDS:
            raise Refusal(400, "Bad Request: invalid user_id specified")
        return {
            "status": "member",
            "user": {"id": user_id, "is_bot": False, "first_name": "Member"},
        }

    def get_administrators(self, bot: Bot, given: Parameters) -> list[dict[str, Any]]:
        """``getChatAdministrators``."""
        known_chat(self.state, bot, given)
        return [{"status": "creator", "user": OWNER, "is_anonymous": False}]

    def set_commands(self, bot: Bot, given: Parameters) -> bool:
        """``setMyCommands``."""
        bot.commands = given.document("commands") or []
        return True
