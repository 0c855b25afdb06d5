"""Looking at a Telegram bot: who it is, and a test message to the chat it writes to.

What lives here: what is shown and the test message's words. The requests, and what a refusal asks
for, are ``providers/telegram``.
"""

from __future__ import annotations

from html import escape
from typing import Any

from synkro_assets.operations.checks.context import LookContext, first_text
from synkro_assets.providers.telegram import TelegramClient

_TEST_MESSAGES = {
    "ru": "Проверка связи: это тестовое сообщение от Synkro. Отчёты компании «{company}» будут "
    "приходить сюда. Отвечать на него не нужно.",
    "en": "Connection check: this is a test message from Synkro. The reports of {company} will "
    "arrive here. No answer is needed.",
}
_NOT_SENT = "not sent: asked to send nothing"


def look(client: TelegramClient, context: LookContext) -> dict[str, Any]:
    """The bot's name, and the number of a test message where its reports would arrive."""
    me = client.get_me()
    topic = context.public.get("message_thread_id")
    seen = {
        "bot": first_text([me.get("username"), me.get("first_name")]),
        "chat_id": context.public["chat_id"],
        **({} if topic is None else {"message_thread_id": topic}),
    }
    if not context.may_send:
        return {**seen, "test_message": _NOT_SENT}
    text = _TEST_MESSAGES[context.tenant.language].format(company=escape(context.tenant.name))
    return {**seen, "test_message": client.send_message(context.public["chat_id"], text, topic)}
