"""Looking at Mobizon: the balance, and a test SMS when asked for.

What lives here: what is shown of it. The requests are ``providers/mobizon``.
"""

from __future__ import annotations

from typing import Any

from synkro_assets.operations.checks import trial
from synkro_assets.operations.checks.context import LookContext, one_line
from synkro_assets.providers.mobizon import MobizonClient

_IN_BACKGROUND = "accepted, on its way"


def look(client: MobizonClient, context: LookContext) -> dict[str, Any]:
    """The money left with its currency, and the id of a test SMS."""
    balance = client.balance()
    seen = {"balance": one_line(balance.amount, balance.currency)}
    if not context.is_asked_to_send:
        return {**seen, "test_message": trial.NOT_SENT}
    sent = client.send(trial.first_recipient(context, "recipients"), trial.text(context))
    return {**seen, "test_message": sent or _IN_BACKGROUND}
