"""What Resend's refusals mean and what somebody has to do about them.

What lives here: the verdict on an answer by the error's name (reference §6.1), which says more than
its status: a spent quota is a 429 as a busy second is, and only the latter is worth waiting for.
What does not: the common verdicts (``providers/verdicts.py``).
"""

from __future__ import annotations

import httpx

from synkro_assets.domain.errors import ProviderRefused, ProviderUnavailable, SynkroError
from synkro_assets.providers.verdicts import body_of, detail_suffix, verdict

PROVIDER = "Resend"

_WRONG_KEY = "the API key is not accepted; create one in Resend and save it in the integration"
_NOT_ALLOWED = "it does not send for this address; verify the domain of 'from' in Resend"
_SENTENCES = {
    400: "it does not accept the request",
    401: _WRONG_KEY,
    403: _NOT_ALLOWED,
    404: "nothing is there; check base_url",
    405: "nothing is there; check base_url",
    409: "the same key was used for another e-mail",
    422: "it does not accept the e-mail",
}
_BY_NAME = {
    "missing_api_key": _WRONG_KEY,
    "invalid_api_key": _WRONG_KEY,
    "invalid_from_address": "'from' is no sender; write it as Name <name@domain>",
}
_QUOTAS = {"daily_quota_exceeded": "today's", "monthly_quota_exceeded": "this month's"}


class QuotaUsedUp(ProviderRefused):
    """The plan's e-mails of the day or month are spent: trying again only fails again."""


class SendingOnlyKey(ProviderRefused):
    """The key is valid, and may do nothing but send."""


def classify(response: httpx.Response) -> SynkroError | None:
    """The error an answer stands for; None for a success."""
    if response.is_success:
        return None
    body = body_of(response)
    name = str(body.get("name")) if isinstance(body, dict) else ""
    status, said = response.status_code, detail_suffix(response)
    if name in _QUOTAS:
        text = f"{PROVIDER} has used up {_QUOTAS[name]} e-mails{said}; raise the plan or wait"
        return QuotaUsedUp(PROVIDER, text, status=status)
    if name == "restricted_api_key":
        text = f"{PROVIDER} allows this API key to send and nothing else{said}"
        return SendingOnlyKey(PROVIDER, text, status=status)
    if name == "concurrent_idempotent_requests":
        text = f"{PROVIDER} is still busy with the same e-mail{said}; try again later"
        return ProviderUnavailable(PROVIDER, text, status=status)
    sentences = {**_SENTENCES, status: _BY_NAME[name]} if name in _BY_NAME else _SENTENCES
    return verdict(PROVIDER, response, sentences)
