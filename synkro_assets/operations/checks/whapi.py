"""Looking at Whapi: the channel's state, and a test message when asked for.

What lives here: what is shown of it. The requests, and what a bad state asks for, are
``providers/whapi``.
"""

from __future__ import annotations

from typing import Any

from synkro_assets.operations.checks import trial
from synkro_assets.operations.checks.context import LookContext
from synkro_assets.providers.whapi import WhapiClient, bad_state


def look(client: WhapiClient, context: LookContext) -> dict[str, Any]:
    """The channel's state, and the id of a test message."""
    state = client.state()
    problem = bad_state(state)
    if problem is not None:
        raise problem
    if not context.is_asked_to_send:
        return {"state": state, "test_message": trial.NOT_SENT}
    to = trial.first_recipient(context, "to")
    return {"state": state, "test_message": client.send(to, trial.text(context))}
