"""The Whapi client: the channel's state, and one WhatsApp message sent once.

What lives here: paths, fields and pacing of reference §6.3. What does not: refusals and states
(``errors``), which message is due and the memory of what was sent (``delivery``).

There is no idempotency key: a message whose answer was lost is never sent again here. Messages go
slowly, because too many at once cost the company its number.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from synkro_assets.domain.errors import OutcomeUnknown, ProviderUnavailable
from synkro_assets.domain.protocols import Clock, ExchangeLog, Limiter
from synkro_assets.providers.closing import Closing
from synkro_assets.providers.gate import Gate, Rate
from synkro_assets.providers.http import HttpRoad
from synkro_assets.providers.redaction import Redactor
from synkro_assets.providers.whapi.errors import PROVIDER, classify

_OVERALL = Rate("all", 1.0)
# Whapi's own advice against a ban: two messages a minute.
_MESSAGES = Rate("messages", 2 / 60)
_MESSAGES_PATH = "/messages/"


class WhapiClient(Closing):
    """One channel, that is one number; a context manager."""

    def __init__(self, road: HttpRoad) -> None:
        self._road = road

    def state(self) -> str:
        """The channel's state, AUTH when it can send; ``errors.bad_state`` tells the others.

        Raises ProviderRefused, RateLimited, ProviderUnavailable.
        """
        answer = self._road.get("/health", action="health")
        status = answer.get("status") if isinstance(answer, dict) else None
        text = status.get("text") if isinstance(status, dict) else None
        if not isinstance(text, str) or not text:
            said = f"{PROVIDER} answered in an unknown shape; check base_url if it stays so"
            raise ProviderUnavailable(PROVIDER, said)
        return text

    def send(self, to: str, body: str) -> str:
        """Send one message to a number (digits) or chat id; the message's id.

        Raises OutcomeUnknown when it may have been sent, RateLimited and ProviderUnavailable when
        nothing was, ProviderRefused.
        """
        recipient = to if "@" in to else "".join(filter(str.isdigit, to))
        message = {"to": recipient, "body": body}
        answer = self._road.send(f"{_MESSAGES_PATH}text", action="send", json=message)
        shown = answer.get("message") if isinstance(answer, dict) else None
        found = shown.get("id") if isinstance(shown, dict) else None
        if not isinstance(found, str) or not found:
            text = f"{PROVIDER} named no message it sent: look before sending it again"
            raise OutcomeUnknown(PROVIDER, text)
        return found

    def close(self) -> None:
        self._road.close()


def client(
    public: Mapping[str, Any],
    secrets: Mapping[str, str],
    *,
    limiter: Limiter,
    log: ExchangeLog,
    clock: Clock,
    **road_options: Any,
) -> WhapiClient:
    """The client of an integration's stored fields (``catalog``, kind ``whapi``).

    ``road_options`` are HttpRoad's ``timeouts``, ``retry``, ``sleeper`` and ``transport``.
    """

    def rates(path: str) -> tuple[Rate, ...]:
        return (_MESSAGES, _OVERALL) if _MESSAGES_PATH in path else (_OVERALL,)

    gate = Gate(PROVIDER, limiter, log, clock, Redactor(secrets.values()), classify, rates)
    headers = {"Authorization": f"Bearer {secrets['token']}", "Accept": "application/json"}
    road = HttpRoad(gate, public["base_url"], headers=headers, **road_options)
    return WhapiClient(road)
