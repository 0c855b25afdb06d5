"""What Telegram remembers: bots, chats, messages, updates; on disk when a directory is given.

Lives here: message and update ids that only grow, also across restarts. The file is one JSON
document a line, appended to; a torn last line is ignored. Not here: the Bot API (``methods``).
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FILE_NAME = "telegram.jsonl"


@dataclass
class Bot:
    """A tenant's bot, its group and its updates that wait to be fetched."""

    tenant: str
    token: str
    chat_id: int
    title: str
    updates: list[dict[str, Any]] = field(default_factory=list)
    allowed_updates: list[str] = field(default_factory=list)
    webhook_url: str = ""
    commands: list[Any] = field(default_factory=list)
    polls: int = 0

    @property
    def bot_id(self) -> int:
        """The number before the colon of the token."""
        return int(self.token.partition(":")[0])

    @property
    def username(self) -> str:
        """The bot's name in the messenger."""
        return f"synkro_{self.tenant.replace('-', '_')}_bot"

    def user(self) -> dict[str, Any]:
        """The bot as a user."""
        return {
            "id": self.bot_id,
            "is_bot": True,
            "first_name": "Synkro",
            "username": self.username,
        }

    def chat(self) -> dict[str, Any]:
        """The group as a chat."""
        return {"id": self.chat_id, "type": "supergroup", "title": self.title}


class TelegramStore:
    """All bots and chats of the simulators."""

    def __init__(self, state_dir: Path | None = None) -> None:
        self.bots: dict[str, Bot] = {}
        self.messages: dict[int, dict[int, dict[str, Any]]] = {}
        self._next_update = 500_000_001
        self._next_message: dict[int, int] = {}
        self._path: Path | None = None
        if state_dir is not None:
            state_dir.mkdir(parents=True, exist_ok=True)
            self._path = state_dir / FILE_NAME
            self._reload(self._path)

    def _reload(self, path: Path) -> None:
        if not path.exists():
            return
        content = path.read_bytes()
        for line in content.split(b"\n"):
            try:
                row = json.loads(line)
            except ValueError:
                continue
            self._apply(row)
        if content and not content.endswith(b"\n"):
            with path.open("ab") as file:
                file.write(b"\n")

    def _apply(self, row: dict[str, Any]) -> None:
        kind = row.get("kind")
        if kind == "bot":
            bot = Bot(row["tenant"], row["token"], row["chat_id"], row["title"])
            known = self.bots.get(bot.token)
            if known is None:
                self.bots[bot.token] = bot
            else:
                known.title = bot.title
        elif kind == "message":
            message = row["message"]
            chat_id, message_id = message["chat"]["id"], message["message_id"]
            self.messages.setdefault(chat_id, {})[message_id] = row
            self._next_message[chat_id] = max(self._next_message.get(chat_id, 1), message_id + 1)
        elif kind == "deleted":
            self.messages.get(row["chat_id"], {}).pop(row["message_id"], None)
        elif kind == "update":
            self._next_update = max(self._next_update, row["update"]["update_id"] + 1)
            if row["token"] in self.bots:
                self.bots[row["token"]].updates.append(row["update"])
        elif kind == "confirmed" and row["token"] in self.bots:
            waiting = self.bots[row["token"]].updates
            waiting[:] = [u for u in waiting if u["update_id"] >= row["offset"]]

    def _record(self, row: dict[str, Any]) -> None:
        self._apply(row)
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row, ensure_ascii=False) + "\n")

    def register(self, tenant: str, token: str, chat_id: int, title: str) -> None:
        """Make the tenant's bot known."""
        known = self.bots.get(token)
        if known is None or known.title != title:
            self._record(
                {
                    "kind": "bot",
                    "tenant": tenant,
                    "token": token,
                    "chat_id": chat_id,
                    "title": title,
                }
            )

    def of_tenant(self, tenant: str) -> Bot | None:
        """The tenant's bot."""
        return next((bot for bot in self.bots.values() if bot.tenant == tenant), None)

    def of_chat(self, chat_id: int) -> Bot | None:
        """The bot that sits in the chat."""
        return next((bot for bot in self.bots.values() if bot.chat_id == chat_id), None)

    def add_message(self, chat_id: int, message: dict[str, Any], **sent: Any) -> dict[str, Any]:
        """Keep a message under the chat's next id; ``sent`` is how it was sent."""
        numbered = {"message_id": self._next_message.get(chat_id, 1), **message}
        self._record({"kind": "message", "message": numbered, **{"sent": sent}})
        return numbered

    def replace_message(self, message: dict[str, Any], **sent: Any) -> None:
        """Keep an edited message under its old id."""
        self._record({"kind": "message", "message": message, "sent": sent})

    def delete_message(self, chat_id: int, message_id: int) -> bool:
        """Forget a message; false when there is none."""
        if message_id not in self.messages.get(chat_id, {}):
            return False
        self._record({"kind": "deleted", "chat_id": chat_id, "message_id": message_id})
        return True

    def add_update(self, bot: Bot, content: dict[str, Any]) -> dict[str, Any]:
        """Queue an update for the bot."""
        update = {"update_id": self._next_update, **content}
        self._record({"kind": "update", "token": bot.token, "update": update})
        return update

    def confirm(self, bot: Bot, offset: int) -> None:
        """Forget the bot's updates below ``offset``."""
        if any(update["update_id"] < offset for update in bot.updates):
            self._record({"kind": "confirmed", "token": bot.token, "offset": offset})

    def sent(self, chat_id: int) -> Iterator[dict[str, Any]]:
        """The chat's messages both ways, oldest first, for the control interface."""
        for message_id, row in sorted(self.messages.get(chat_id, {}).items()):
            message, how = row["message"], row.get("sent") or {}
            yield {
                "message_id": message_id,
                "date": message["date"],
                "from_bot": bool(message["from"]["is_bot"]),
                "from": message["from"],
                "text": how.get("raw", message.get("text")),
                "plain_text": message.get("text", message.get("caption")),
                "parse_mode": how.get("parse_mode"),
                "chat_id": chat_id,
                "kind": how.get("kind", "text"),
                "caption": message.get("caption"),
                "message_thread_id": message.get("message_thread_id"),
                "reply_to_message_id": (message.get("reply_to_message") or {}).get("message_id"),
            }
