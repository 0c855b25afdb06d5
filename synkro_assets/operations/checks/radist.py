"""Looking at Radist: the companies, the connections and the chat that was active last.

What lives here: what is shown of them. The requests are ``providers/radist``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from synkro_assets.domain.errors import ProviderRefused
from synkro_assets.operations.checks.context import LookContext, first_text, objects, one_line
from synkro_assets.providers.radist import RadistClient


def look(client: RadistClient, context: LookContext) -> dict[str, Any]:
    """The key's companies, the configured one's connections and one chat."""
    companies = client.companies()
    _refuse_unseen(context.public["company_id"], companies)
    connections = [_connection(each) for each in client.connections()]
    newest = next(iter(next(client.contact_pages()).rows), None)
    return {
        "companies": [_company(each) for each in companies],
        "connections": connections,
        "chat": _chat(newest) if newest else None,
    }


def _refuse_unseen(company_id: int, companies: Sequence[dict[str, Any]]) -> None:
    if str(company_id) in {str(each.get("id")) for each in companies}:
        return
    seen = ", ".join(_company(each) for each in companies) or "none"
    raise ProviderRefused(
        "Radist",
        f"the API key cannot see company {company_id}: set company_id to one it can ({seen})",
    )


def _company(company: dict[str, Any]) -> str:
    return one_line(company.get("id"), company.get("name"))


def _connection(connection: dict[str, Any]) -> str:
    params = connection.get("params")
    phone = params.get("phone") if isinstance(params, dict) else None
    return one_line(connection.get("type"), connection.get("id"), connection.get("name"), phone)


def _chat(contact: dict[str, Any]) -> str:
    """Who a chat is with and when it was last active."""
    phones = (chat.get("phone") for chat in objects(contact.get("chats")))
    who = first_text([contact.get("contact_name"), *phones]) or "without a name"
    return f"{who}, last active {contact.get('last_chat_updated_at')}"
