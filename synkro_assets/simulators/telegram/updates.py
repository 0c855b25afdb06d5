"""What people write to the bot.

Lives here: ``getUpdates`` with long polling, webhooks' registration, and a person's message. Not
here: sending (``sending``).
"""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any

from synkro_assets.simulators.state import SimulatorState

from .answers import Refusal
from .html import utf16_length
from .parameters import Parameters
from .store import Bot, TelegramStore

MAX_TIMEOUT = 50
OTHER_POLL = (
    "Conflict: terminated by other getUpdates request; "
    "make sure that only one bot instance is running"
)
WEBHOOK_ACTIVE = (
    "Conflict: can't use getUpdates method while webhook is active; "
    "use deleteWebhook to delete the webhook first"
)


async def get_updates(
    store: TelegramStore, bot: Bot, given: Parameters, gone: Callable[[], Awaitable[bool]]
) -> list[dict[str, Any]]:
    """``getUpdates``; a second poll of the same bot ends the first with 409.

    A poll whose client is ``gone`` ends too.
    """
    if bot.webhook_url:
        raise Refusal(409, WEBHOOK_ACTIVE)
    offset = given.number("offset", 0) or 0
    limit = min(max(given.number("limit", 100) or 100, 1), 100)
    timeout = min(max(given.number("timeout", 0) or 0, 0), MAX_TIMEOUT)
    allowed = given.document("allowed_updates")
    if isinstance(allowed, list):
        bot.allowed_updates = [str(kind) for kind in allowed]
    if offset < 0:
        first = bot.updates[offset:][:1]
        offset = first[0]["update_id"] if first else 0
    store.confirm(bot, offset)
    bot.polls += 1
    mine, deadline = bot.polls, time.monotonic() + timeout
    while True:
        waiting = [
            update
            for update in bot.updates
            if not bot.allowed_updates or set(update) & set(bot.allowed_updates)
        ]
        if waiting or time.monotonic() >= deadline or await gone():
            return waiting[:limit]
        await asyncio.sleep(0.03)
        if bot.webhook_url:
            raise Refusal(409, "Conflict: terminated by setWebhook request")
        if bot.polls != mine:
            raise Refusal(409, OTHER_POLL)


def set_webhook(bot: Bot, given: Parameters) -> bool:
    """``setWebhook``; an empty url removes it."""
    bot.webhook_url = given.text("url") or ""
    if given.text("drop_pending_updates") in ("true", "True"):
        bot.updates.clear()
    return True


def delete_webhook(bot: Bot, given: Parameters) -> bool:
    """``deleteWebhook``."""
    bot.webhook_url = ""
    if given.text("drop_pending_updates") in ("true", "True"):
        bot.updates.clear()
    return True


def webhook_info(bot: Bot) -> dict[str, Any]:
    """``getWebhookInfo``."""
    return {
        "url": bot.webhook_url,
        "has_custom_certificate": False,
        "pending_update_count": len(bot.updates),
    }


def _entities(bot: Bot, text: str) -> list[dict[str, Any]]:
    found = []
    for match in re.finditer(r"(?<!\S)(/\w+(?:@\w+)?|@\w{4,})", text):
        kind = "bot_command" if match.group().startswith("/") else "mention"
        found.append(
            {
                "type": kind,
                "offset": utf16_length(text[: match.start()]),
                "length": utf16_length(match.group()),
            }
        )
    return found


def person_writes(
    state: SimulatorState, store: TelegramStore, bot: Bot, document: dict[str, Any]
) -> dict[str, Any]:
    """A person's message in the bot's group, queued as an update."""
    sender = {"id": 700_000_001, "first_name": "Owner", **(document.get("from") or {})}
    text = str(document.get("text", ""))
    message: dict[str, Any] = {
        "from": {**sender, "is_bot": False},
        "chat": bot.chat(),
        "date": int(state.clock.now().timestamp()),
        "text": text,
    }
    entities = document.get("entities") or _entities(bot, text)
    if entities:
        message["entities"] = entities
    if document.get("message_thread_id"):
        message.update(message_thread_id=document["message_thread_id"], is_topic_message=True)
    reply_id = document.get("reply_to_message_id")
    row = store.messages.get(bot.chat_id, {}).get(reply_id) if reply_id else None
    if reply_id and row is None:
        raise LookupError(f"no message {reply_id} in the chat")
    if row is not None:
        original = row["message"]
        message["reply_to_message"] = {k: v for k, v in original.items() if k != "reply_to_message"}
    numbered = store.add_message(bot.chat_id, message, kind="text", raw=text)
    return store.add_update(bot, {"message": numbered})
