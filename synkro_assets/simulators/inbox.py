"""What arrived by e-mail, WhatsApp and SMS.

Lives here: one list per provider and tenant, in memory. Not here: the providers' answers (their
packages), Telegram's chats (``telegram.store``).
"""

from collections import defaultdict
from typing import Any

INBOXES = ("resend", "whapi", "mobizon")


class Inbox:
    """Everything the senders delivered, oldest first."""

    def __init__(self) -> None:
        self._messages: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)

    def add(self, provider: str, tenant: str, message: dict[str, Any]) -> None:
        """Deliver one."""
        self._messages[provider, tenant].append(message)

    def of(self, provider: str, tenant: str) -> list[dict[str, Any]]:
        """What a tenant sent through a provider."""
        return list(self._messages[provider, tenant])

    def found(self, provider: str, tenant: str, message_id: str) -> dict[str, Any] | None:
        """One of them by its id."""
        rows = self._messages[provider, tenant]
        return next((row for row in rows if row["id"] == message_id), None)
