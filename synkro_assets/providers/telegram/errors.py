"""What Telegram's refusals mean and what somebody has to do about them.

What lives here: the verdict on a Bot API answer (reference §4.4), read from the answer itself and
not from python-telegram-bot's exceptions, where BadRequest is a NetworkError. What does not: the
common verdicts (``providers/verdicts.py``).
"""

from __future__ import annotations

from typing import Any

import httpx

from synkro_assets.domain.errors import OutcomeUnknown, ProviderRefused, RateLimited, SynkroError
from synkro_assets.providers.verdicts import body_of, seconds, verdict

PROVIDER = "Telegram"

_WRONG_TOKEN = "the bot token is wrong or revoked; take it from @BotFather and save it again"
_SENTENCES = {401: _WRONG_TOKEN, 404: _WRONG_TOKEN, 413: "the message is too large; send less"}
# Beginnings of descriptions, lower case; the first that is found decides.
_WHAT_TO_DO = (
    ("chat not found", "add the bot to the chat and check chat_id"),
    ("message thread not found", "the topic is gone; check message_thread_id"),
    ("can't parse entities", "the text is not valid Telegram HTML"),
    ("message is too long", "the message is too long; send it in parts"),
    ("bot was blocked", "the user blocked the bot; ask them to unblock it"),
    ("bot was kicked", "the bot was removed; add it to the chat again"),
    ("bot is not a member", "add the bot to the chat"),
    ("not enough rights", "allow the bot to write in the chat"),
    ("chat_write_forbidden", "allow the bot to write in the chat"),
    ("user is deactivated", "the user is gone; choose another chat"),
    ("group chat was deleted", "the chat is gone; choose another one"),
)


class ChatMoved(ProviderRefused):
    """The group became a supergroup; ``new_chat_id`` is its id from now on."""

    def __init__(self, new_chat_id: int) -> None:
        text = f"{PROVIDER} moved the chat to {new_chat_id}: set chat_id to it"
        super().__init__(PROVIDER, text, status=400)
        self.new_chat_id = new_chat_id


def classify(response: httpx.Response) -> SynkroError | None:
    """The error an answer stands for, also one that says ``ok: false`` with status 200."""
    body = body_of(response)
    body = body if isinstance(body, dict) else {}
    if response.is_success and body.get("ok") is not False:
        return None
    parameters = body.get("parameters")
    hints: dict[str, Any] = parameters if isinstance(parameters, dict) else {}
    if isinstance(hints.get("migrate_to_chat_id"), int):
        return ChatMoved(hints["migrate_to_chat_id"])
    raw = hints.get("retry_after")
    retry_after = seconds(float(raw)) if isinstance(raw, int | float) else None
    if response.status_code == 504:
        text = (
            f"{PROVIDER} did not answer in time: it may have been delivered; look before resending"
        )
        return OutcomeUnknown(PROVIDER, text, status=504)
    described = _described(str(body.get("description") or ""), response.status_code)
    if described is not None:
        return described
    error = verdict(PROVIDER, response, _SENTENCES, retry_after=retry_after)
    if error is None and retry_after is not None:
        return RateLimited(PROVIDER, f"{PROVIDER} asks for a pause", retry_after=retry_after)
    return error or ProviderRefused(PROVIDER, f"{PROVIDER} answered that it did not succeed")


def _described(description: str, status: int) -> ProviderRefused | None:
    if status not in (200, 400, 403):
        return None
    for beginning, what_to_do in _WHAT_TO_DO:
        if beginning in description.lower():
            return ProviderRefused(
                PROVIDER, f"{PROVIDER}: {what_to_do} ({description})"[:300], status=status
            )
    return None
