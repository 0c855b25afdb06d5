"""The Mobizon client: the balance, and one SMS sent once.

What lives here: paths and fields of reference §6.2. What does not: codes (``errors``), which
message is due and the memory of what was sent (``delivery``).

There is no idempotency key and each SMS costs money: one whose answer was lost is never sent again
here. The key is in the address as Mobizon wants it; text and recipient are in the body.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from synkro_assets.domain.errors import OutcomeUnknown, ProviderUnavailable
from synkro_assets.domain.protocols import Clock, ExchangeLog, Limiter
from synkro_assets.providers.closing import Closing
from synkro_assets.providers.gate import Gate, Rate
from synkro_assets.providers.http import HttpRoad
from synkro_assets.providers.mobizon.errors import PROVIDER, SEND_PATH, classify
from synkro_assets.providers.redaction import Redactor

# No number is documented, only that one method may be called too often.
_OVERALL = Rate("all", 1.0)


@dataclass(frozen=True, slots=True)
class Balance:
    """What is left, as Mobizon writes it."""

    amount: str
    currency: str


class MobizonClient(Closing):
    """One Mobizon account; a context manager."""

    def __init__(self, road: HttpRoad, api_key: str, sender: str | None) -> None:
        self._road, self._sender = road, sender
        self._params = (("output", "json"), ("api", "v1"), ("apiKey", api_key))

    def balance(self) -> Balance:
        """The account's money. Raises ProviderRefused, RateLimited, ProviderUnavailable."""
        path = "/service/user/getOwnBalance"
        answer = self._road.get(path, action="getOwnBalance", params=self._params)
        data = answer.get("data") if isinstance(answer, dict) else None
        if not isinstance(data, dict) or "code" not in answer or "balance" not in data:
            text = f"{PROVIDER} answered in an unknown shape; check base_url if it stays so"
            raise ProviderUnavailable(PROVIDER, text)
        return Balance(str(data["balance"]), str(data.get("currency") or ""))

    def send(self, recipient: str, text: str) -> str | None:
        """Send one SMS to a number with its country code; the message's id.

        None when Mobizon accepted it and works on it in the background. Raises OutcomeUnknown when
        it may have been sent, RateLimited and ProviderUnavailable when not, ProviderRefused.
        """
        form = {"recipient": "".join(filter(str.isdigit, recipient)), "text": text}
        form = {**form, "from": self._sender} if self._sender else form
        params = self._params
        answer = self._road.send(SEND_PATH, action="sendSmsMessage", params=params, form=form)
        code = answer.get("code") if isinstance(answer, dict) else None
        if not isinstance(code, int):
            said = f"{PROVIDER} answered in an unknown shape: look before sending it again"
            raise OutcomeUnknown(PROVIDER, said)
        data = answer.get("data")
        found = data.get("messageId") if isinstance(data, dict) else None
        return None if found is None else str(found)

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
) -> MobizonClient:
    """The client of an integration's stored fields (``catalog``, kind ``mobizon``).

    ``road_options`` are HttpRoad's ``timeouts``, ``retry``, ``sleeper`` and ``transport``.
    """
    redactor = Redactor(secrets.values())
    gate = Gate(PROVIDER, limiter, log, clock, redactor, classify, lambda path: (_OVERALL,))
    headers = {"Accept": "application/json"}
    road = HttpRoad(gate, public["base_url"], headers=headers, **road_options)
    return MobizonClient(road, secrets["api_key"], public.get("from"))
