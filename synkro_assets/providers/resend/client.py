"""The Resend client: the verified domains, and one e-mail sent once.

What lives here: paths and fields of reference §6.1. What does not: refusals (``errors``), which
e-mail is due and the memory of what was sent (``delivery``).

A send carries an idempotency key, by which Resend delivers once within 24 hours however often it
is asked; so an answer that never came is asked for again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from email.utils import parseaddr
from typing import Any

from synkro_assets.domain.errors import OutcomeUnknown, ProviderUnavailable
from synkro_assets.domain.protocols import Clock, ExchangeLog, Limiter
from synkro_assets.providers.closing import Closing
from synkro_assets.providers.gate import Gate, Rate
from synkro_assets.providers.http import HttpRoad
from synkro_assets.providers.redaction import Redactor
from synkro_assets.providers.resend.errors import PROVIDER, classify

# Of a team, whatever its keys.
_OVERALL = Rate("all", 2.0)


class ResendClient(Closing):
    """One Resend team; a context manager."""

    def __init__(self, road: HttpRoad, sender: str) -> None:
        self._road = road
        self.sender = sender

    def domains(self) -> dict[str, str]:
        """The status of every domain of the team, by its name in lower case.

        Raises SendingOnlyKey for a key that may not look, ProviderRefused, RateLimited,
        ProviderUnavailable.
        """
        answer = self._road.get("/domains", action="domains")
        rows = answer.get("data") if isinstance(answer, dict) else None
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            text = f"{PROVIDER} answered in an unknown shape; check base_url if it stays so"
            raise ProviderUnavailable(PROVIDER, text)
        return {str(row.get("name")).lower(): str(row.get("status")) for row in rows}

    def send(
        self,
        to: Sequence[str],
        subject: str,
        text: str,
        *,
        idempotency_key: str,
        html: str | None = None,
    ) -> str:
        """Send one e-mail; its id at Resend. Accepted is not delivered.

        ``idempotency_key`` (1 to 256 characters) names the e-mail: again with the same key and
        content sends nothing. Raises OutcomeUnknown when every attempt's answer was lost,
        QuotaUsedUp, ProviderRefused, RateLimited, ProviderUnavailable.
        """
        mail = {"from": self.sender, "to": list(to), "subject": subject, "text": text}
        mail = {**mail, "html": html} if html is not None else mail
        key = {"Idempotency-Key": idempotency_key}
        answer = self._road.send("/emails", action="send", json=mail, key=key)
        found = answer.get("id") if isinstance(answer, dict) else None
        if not isinstance(found, str) or not found:
            text = f"{PROVIDER} named no e-mail it accepted: look before sending it again"
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
) -> ResendClient:
    """The client of an integration's stored fields (``catalog``, kind ``resend``).

    ``road_options`` are HttpRoad's ``timeouts``, ``retry``, ``sleeper`` and ``transport``.
    """
    redactor = Redactor(secrets.values())
    gate = Gate(PROVIDER, limiter, log, clock, redactor, classify, lambda path: (_OVERALL,))
    headers = {"Authorization": f"Bearer {secrets['api_key']}", "Accept": "application/json"}
    road = HttpRoad(gate, public["base_url"], headers=headers, **road_options)
    return ResendClient(road, str(public["from"]))


def domain_of(sender: str) -> str:
    """The domain of ``Name <name@domain>`` in lower case; empty when there is none."""
    _, found, domain = parseaddr(sender)[1].rpartition("@")
    return domain.lower() if found else ""
