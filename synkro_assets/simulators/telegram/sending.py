"""Sending and changing messages.

Lives here: text, photo and document messages, edits, deletion, and every reason to refuse one.
Not here: reading (``updates``).
"""

import math
from typing import Any

from synkro_assets.simulators.state import SimulatorState

from .answers import Refusal
from .html import CannotParse, parsed, utf16_length
from .parameters import Parameters
from .store import Bot, TelegramStore

MAX_TEXT, MAX_CAPTION = 4096, 1024
MAX_PHOTO, MAX_DOCUMENT = 10 * 2**20, 50 * 2**20
LAST_TOPIC = 999


def known_chat(state: SimulatorState, bot: Bot, given: Parameters) -> None:
    """Raise unless the call is about the bot's own group and the bot may speak there."""
    if given.text("chat_id") in (None, ""):
        raise Refusal(400, "Bad Request: chat_id is empty")
    if given.number("chat_id") != bot.chat_id:
        raise Refusal(400, "Bad Request: chat not found")
    target = state.switches["telegram_migrate_to"]
    if target is not None:
        text = "Bad Request: group chat was upgraded to a supergroup chat"
        raise Refusal(400, text, migrate_to_chat_id=int(target))
    if state.switches["telegram_kicked"]:
        raise Refusal(403, "Forbidden: bot was kicked from the supergroup chat")


def _content(given: Parameters, name: str, limit: int) -> tuple[str, list[dict[str, Any]]]:
    """The text as people see it, and its entities."""
    raw, mode = given.text(name) or "", (given.text("parse_mode") or "").lower()
    if mode not in ("", "html", "markdown", "markdownv2"):
        raise Refusal(400, "Bad Request: unsupported parse_mode")
    text, entities = raw, given.document("entities") or []
    if mode == "html":
        try:
            text, entities = parsed(raw)
        except CannotParse as error:
            raise Refusal(400, f"Bad Request: can't parse entities: {error}") from error
    if name == "text" and not text.strip():
        raise Refusal(400, "Bad Request: message text is empty")
    if utf16_length(text) > limit:
        kind = "message is too long" if name == "text" else "message caption is too long"
        raise Refusal(400, f"Bad Request: {kind}")
    return text, entities


def check_rate(state: SimulatorState, bot: Bot) -> None:
    """Raise 429 when the chat gets messages too fast."""
    limits = state.limits
    if not (limits["enabled"] and limits["telegram"]):
        return
    key = f"telegram {bot.chat_id}"
    wait = limits.buckets.take(
        key, limits["telegram_chat_per_second"], limits["telegram_chat_burst"]
    )
    if wait == 0 and not limits.windows.admit(key, limits["telegram_group_per_minute"], 60):
        wait = limits.windows.wait(key, 60)
    if wait > 0:
        seconds = max(1, math.ceil(wait))
        text = f"Too Many Requests: retry after {seconds}"
        raise Refusal(429, text, retry_after=seconds)


class Sender:
    """The sending methods of one application."""

    def __init__(self, state: SimulatorState, store: TelegramStore) -> None:
        self.state, self.store = state, store

    def _frame(self, bot: Bot, given: Parameters) -> dict[str, Any]:
        """What every new message carries; raises when its place does not exist."""
        known_chat(self.state, bot, given)
        frame: dict[str, Any] = {
            "from": bot.user(),
            "chat": bot.chat(),
            "date": int(self.state.clock.now().timestamp()),
        }
        thread = given.number("message_thread_id")
        if thread is not None:
            if not 0 < thread <= LAST_TOPIC:
                raise Refusal(400, "Bad Request: message thread not found")
            frame.update(message_thread_id=thread, is_topic_message=True)
        reply = given.document("reply_parameters") or {}
        reply_id = reply.get("message_id") or given.number("reply_to_message_id")
        if reply_id is not None:
            row = self.store.messages.get(bot.chat_id, {}).get(int(reply_id))
            if row is not None:
                original = row["message"]
                frame["reply_to_message"] = {
                    key: value for key, value in original.items() if key != "reply_to_message"
                }
            elif not (
                reply.get("allow_sending_without_reply")
                or given.text("allow_sending_without_reply") in ("true", "True")
            ):
                raise Refusal(400, "Bad Request: message to be replied not found")
        return frame

    def send_message(self, bot: Bot, given: Parameters) -> dict[str, Any]:
        """``sendMessage``."""
        frame = self._frame(bot, given)
        text, entities = _content(given, "text", MAX_TEXT)
        check_rate(self.state, bot)
        frame["text"] = text.strip()
        if entities:
            frame["entities"] = entities
        how = {"raw": given.text("text"), "parse_mode": given.text("parse_mode"), "kind": "text"}
        return self.store.add_message(bot.chat_id, frame, **how)

    def send_file(self, bot: Bot, given: Parameters, kind: str) -> dict[str, Any]:
        """``sendPhoto`` and ``sendDocument``."""
        frame = self._frame(bot, given)
        caption, entities = _content(given, "caption", MAX_CAPTION)
        content = given.files.get(kind)
        attached = given.text(kind) or ""
        if content is None and attached.startswith("attach://"):
            content = given.files.get(attached.removeprefix("attach://"))
        if content is None and not attached:
            raise Refusal(400, f"Bad Request: there is no {kind} in the request")
        if content is not None and not content:
            raise Refusal(400, "Bad Request: file must be non-empty")
        if len(content or b"") > (MAX_PHOTO if kind == "photo" else MAX_DOCUMENT):
            raise Refusal(413, "Request Entity Too Large")
        check_rate(self.state, bot)
        size = len(content or b"")
        file = {"file_id": f"{kind}-{size}", "file_unique_id": f"{kind}{size}", "file_size": size}
        if kind == "photo":
            frame["photo"] = [{**file, "width": 800, "height": 600}]
        else:
            frame["document"] = file
        if caption:
            frame["caption"] = caption
            frame["caption_entities"] = entities
        how = {"raw": given.text("caption"), "parse_mode": given.text("parse_mode"), "kind": kind}
        return self.store.add_message(bot.chat_id, frame, **how)

    def edit_text(self, bot: Bot, given: Parameters) -> dict[str, Any]:
        """``editMessageText``."""
        known_chat(self.state, bot, given)
        row = self.store.messages.get(bot.chat_id, {}).get(given.number("message_id") or 0)
        if row is None:
            raise Refusal(400, "Bad Request: message to edit not found")
        message = row["message"]
        if message["from"]["id"] != bot.bot_id:
            raise Refusal(400, "Bad Request: message can't be edited")
        text, entities = _content(given, "text", MAX_TEXT)
        if text == message.get("text"):
            raise Refusal(400, "Bad Request: message is not modified")
        check_rate(self.state, bot)
        now = int(self.state.clock.now().timestamp())
        edited = {**message, "text": text, "entities": entities, "edit_date": now}
        how = {"raw": given.text("text"), "parse_mode": given.text("parse_mode"), "kind": "text"}
        self.store.replace_message(edited, **how)
        return edited

    def delete(self, bot: Bot, given: Parameters) -> bool:
        """``deleteMessage``."""
        known_chat(self.state, bot, given)
        if not self.store.delete_message(bot.chat_id, given.number("message_id") or 0):
            raise Refusal(400, "Bad Request: message to delete not found")
        return True
