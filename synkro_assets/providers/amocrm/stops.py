"""When amoCRM refuses everything: telling that from one missing right, and stopping the account.

What lives here: the road that watches for 402 and 403 (reference §1.9). What does not: how long
nobody asks after that (``storage/account_stops``), who is told (``operations/stopped_accounts``),
the same at the token endpoint (``tokens``).
"""

from __future__ import annotations

from typing import Any

from synkro_assets.domain.errors import AccountStopped, ProviderRefused, SynkroError
from synkro_assets.providers.amocrm.errors import PROVIDER
from synkro_assets.providers.http import HttpRoad, Params

ACCOUNT = "/api/v4/account"

_NOT_PAID = 402
FORBIDDEN = 403
REASONS = {
    _NOT_PAID: f"{PROVIDER} says that this account is not paid: pay for it",
    FORBIDDEN: f"{PROVIDER} refuses every request from this account",
}


class StoppingRoad(HttpRoad):
    """A road that stops the account when amoCRM refuses everything; raises AccountStopped then."""

    def get(self, target: str, *, action: str, params: Params = ()) -> Any:
        try:
            answer = super().get(target, action=action, params=params)
        except ProviderRefused as refusal:
            status = self._refusal_of_all(target, refusal.status)
            problem = _named(refusal, action)
        else:
            self._gate.limiter.resume()
            return answer
        # Raised out here: the refusal of one request is not what the reader needs to see.
        raise problem if status is None else self._gate.limiter.stop(REASONS[status], status)

    def _refusal_of_all(self, target: str, status: int | None) -> int | None:
        """402 or 403 when it holds for every request, None when it is about this one."""
        if status == _NOT_PAID or (status == FORBIDDEN and target == ACCOUNT):
            return status
        if status != FORBIDDEN:
            return None
        try:
            super().get(ACCOUNT, action="account")
        except ProviderRefused as refusal:
            return refusal.status if refusal.status in REASONS else None
        except AccountStopped:
            raise  # by another request that was refused at the same time
        except SynkroError:
            return None  # what the account is worth stays open; the first refusal is told
        return None


def _named(refusal: ProviderRefused, action: str) -> ProviderRefused:
    """The refusal with what was asked for: somebody may have a right to all but that."""
    text = f"{refusal} (asked for {action.replace('_', ' ')})"
    return ProviderRefused(PROVIDER, text, status=refusal.status)
