"""What Whapi's refusals and channel states mean and what somebody has to do about them.

What lives here: the verdict on an answer, and on a channel that is not connected (reference §6.3).
What does not: the common verdicts (``providers/verdicts.py``).
"""

from __future__ import annotations

import httpx

from synkro_assets.domain.errors import ProviderRefused, SynkroError
from synkro_assets.providers.verdicts import body_of, verdict

PROVIDER = "Whapi"

_GOOD_STATE = "AUTH"
_SENTENCES = {
    400: "it does not accept the recipient or the message; check 'to'",
    401: "the token is not accepted; take the channel's token from Whapi and save it",
    402: "the trial's limit is reached; pay for the channel",
    403: "the token lacks the right; take the channel's own token",
    404: "the channel is not there; check the channel in Whapi and base_url",
}
_STATES = {
    "QR": "the number is signed out; scan the QR code of the channel again",
    "INIT": "the channel is starting; check again in a minute",
    "LAUNCH": "the channel is starting; check again in a minute",
    "STOP": "the channel is stopped; start it in Whapi",
    "SYNC_ERROR": "the channel could not synchronize; restart it in Whapi, or scan the QR again",
}


def classify(response: httpx.Response) -> SynkroError | None:
    """The error an answer stands for, also one that says ``sent: false`` with status 200."""
    error = verdict(PROVIDER, response, _SENTENCES)
    body = body_of(response) if error is None else None
    if isinstance(body, dict) and body.get("sent") is False:
        text = f"{PROVIDER} did not send the message; check the channel's state and the recipient"
        return ProviderRefused(PROVIDER, text, status=response.status_code)
    return error


def bad_state(state: str) -> ProviderRefused | None:
    """The error a channel's state stands for; None for the only good one."""
    if state == _GOOD_STATE:
        return None
    what_to_do = _STATES.get(state, "the channel is in an unknown state; look at it in Whapi")
    return ProviderRefused(PROVIDER, f"{PROVIDER} says {state[:40]}: {what_to_do}")
