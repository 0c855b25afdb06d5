"""Looking at Radist: its connections and the chat that was active last.

What lives here: what is shown of them. The requests are ``providers/radist``.
"""

from __future__ import annotations

from typing import Any

from synkro_assets.operations.checks.context import LookContext, first_text, objects, one_line
from synkro_assets.providers.radist import RadistClient


def look(client: RadistClient, _: LookContext) -> dict[str, Any]:
    """The company's connections and one chat."""
    connections = [_connection(each) for each in client.connections()]
    newest = next(iter(next(iter(client.chats_with_contacts()), [])), None)
    return {"connections": connections, "chat": _chat(newest) if newest else None}


def _connection(connection: dict[str, Any]) -> str:
    params = connection.get("params")
    phone = params.get("phone") if isinstance(params, dict) else None
    return one_line(connection.get("type"), connection.get("id"), connection.get("name"), phone)


def _chat(contact: dict[str, Any]) -> str:
    """Who a chat is with and when it was last active."""
    phones = (chat.get("phone") for chat in objects(contact.get("chats")))
    who = first_text([contact.get("contact_name"), *phones]) or "without a name"
    return f"{who}, last active {contact.get('last_chat_updated_at')}"
