"""What Radist's refusals mean and what somebody has to do about them.

What lives here: the verdict on a Radist answer (reference §3; its error bodies are not
documented, so any shape is read). What does not: the common verdicts (``providers/verdicts.py``).
"""

from __future__ import annotations

import httpx

from synkro_assets.domain.errors import SynkroError
from synkro_assets.providers.verdicts import verdict

PROVIDER = "Radist"

_SENTENCES = {
    400: "it does not understand the request",
    401: "the API key is not accepted; create one in Radist and save it in the integration",
    402: "the subscription is not paid; pay for it, then check the integration",
    403: "the API key lacks a right; create one with connections and messaging",
    404: "nothing is there; check company_id and base_url",
    422: "it does not understand the request; check company_id",
}


def classify(response: httpx.Response) -> SynkroError | None:
    """The error an answer stands for by its status; None for a success."""
    return verdict(PROVIDER, response, _SENTENCES)
