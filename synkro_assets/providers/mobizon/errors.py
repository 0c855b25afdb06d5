"""What Mobizon's codes mean and what somebody has to do about them.

What lives here: the verdict on an answer by its ``code`` (reference §6.2), because the status is
200 nearly always. What does not: the common verdicts (``providers/verdicts.py``).
"""

from __future__ import annotations

import re
from typing import Any

import httpx

from synkro_assets.domain.errors import (
    OutcomeUnknown,
    ProviderRefused,
    ProviderUnavailable,
    RateLimited,
    SynkroError,
)
from synkro_assets.providers.verdicts import body_of, verdict

PROVIDER = "Mobizon"

SEND_PATH = "/service/message/sendSmsMessage"
DONE, IN_BACKGROUND = 0, 100
_UNIDENTIFIED, _NOT_SAVED, _WRONG_SERVER, _TOO_OFTEN = 3, 10, 13, 30

_WRONG_KEY = "the API key is not accepted; check it and its list of allowed addresses in Mobizon"
_NOT_UNDERSTOOD = "it does not know what Synkro asks for; check base_url"
_SENTENCES = {
    1: "it does not accept the message",
    2: "it is not there or not yours",
    4: _NOT_UNDERSTOOD,
    5: _NOT_UNDERSTOOD,
    6: _NOT_UNDERSTOOD,
    8: _WRONG_KEY,
    9: "the API key lacks the right; allow it the methods user and message in Mobizon",
    11: "it misses something in the message",
    12: "it does not accept the message",
    14: "the account is blocked or removed; ask Mobizon",
    15: "it could not do it; check the balance, the sender and the recipient",
    98: "it did only a part of it",
    99: "it did nothing of it",
    999: "it failed for a reason of its own; ask Mobizon",
}
_HTTP_SENTENCES = {
    401: _WRONG_KEY,
    403: _WRONG_KEY,
    404: "nothing is there; check base_url",
}
_DOMAIN = re.compile(r"(?:https?://)?((?:[a-z0-9-]+\.)+[a-z]{2,})/?", re.IGNORECASE)
_FIELD = re.compile(r"[A-Za-z_]{1,40}")
_LONGEST_SAID = 200


def classify(response: httpx.Response) -> SynkroError | None:
    """The error an answer stands for; None when it is done or accepted in the background."""
    body = body_of(response)
    code = body.get("code") if isinstance(body, dict) else None
    if not isinstance(body, dict) or not isinstance(code, int) or isinstance(code, bool):
        return verdict(PROVIDER, response, _HTTP_SENTENCES)
    if code in (DONE, IN_BACKGROUND):
        return verdict(PROVIDER, response, _HTTP_SENTENCES)
    status, said = response.status_code, _said(body)
    if code == _TOO_OFTEN:
        text = f"{PROVIDER} says too many requests{said}; wait and try again"
        return RateLimited(PROVIDER, text, status=status)
    if code == _WRONG_SERVER:
        text = f"{PROVIDER} answered 13: this is not the account's server; {_right_server(body)}"
        return ProviderRefused(PROVIDER, text, status=status)
    if code in (_UNIDENTIFIED, _NOT_SAVED):
        return _unsettled(response, code, said)
    known = _SENTENCES.get(code, "it refused the request")
    return ProviderRefused(PROVIDER, f"{PROVIDER} answered {code}: {known}{said}", status=status)


def _unsettled(response: httpx.Response, code: int, said: str) -> SynkroError:
    """What may succeed later; a message that could not be saved may have been sent all the same."""
    status = response.status_code
    if response.request.url.path.endswith(SEND_PATH) and code == _NOT_SAVED:
        text = f"{PROVIDER} answered {code}{said}: it may have been sent; look before resending"
        return OutcomeUnknown(PROVIDER, text, status=status)
    text = f"{PROVIDER} is not well (code {code}){said}; try again later"
    return ProviderUnavailable(PROVIDER, text, status=status)


def _said(body: dict[str, Any]) -> str:
    """What Mobizon says, and the fields it names: what they hold is people's."""
    data = body.get("data")
    names = [name for name in data if _FIELD.fullmatch(str(name))] if isinstance(data, dict) else []
    parts = [" ".join(str(body.get("message") or "").split()), ", ".join(names[:5])]
    text = ": ".join(part for part in parts if part)[:_LONGEST_SAID]
    return f" ({text})" if text else ""


def _right_server(body: dict[str, Any]) -> str:
    data = body.get("data")
    places = list(data.values()) if isinstance(data, dict) else [data]
    found = [match for each in places if (match := _DOMAIN.fullmatch(str(each).strip()))]
    if not found:
        return "set base_url to the one of the account's country"
    return f"set base_url to https://{found[0][1].lower()}"
