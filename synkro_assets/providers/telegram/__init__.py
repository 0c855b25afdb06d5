"""Telegram Bot API: the reports' way to a company's chat.

What lives here: ``client`` (what the bot does) and ``errors`` (what a refusal means). What does
not: which part is sent when, and what happens after an unknown outcome (``delivery``).
"""

from synkro_assets.providers.telegram.client import TelegramClient, client
from synkro_assets.providers.telegram.errors import ChatMoved

__all__ = ["ChatMoved", "TelegramClient", "client"]
