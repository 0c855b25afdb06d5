"""Looking at a Telegram bot: who it is and where it writes.

What lives here: what is shown of it. The requests are ``providers/telegram``.
"""

from __future__ import annotations

from typing import Any

from synkro_assets.operations.checks.context import LookContext
from synkro_assets.providers.telegram import TelegramClient


def look(client: TelegramClient, context: LookContext) -> dict[str, Any]:
    """The bot's name."""
    me = client.get_me()
    return {"bot": me.get("username"), "chat_id": context.public.get("chat_id")}
