"""What amoCRM's refusals mean and what somebody has to do about them.

What lives here: the verdict on an amoCRM answer (reference §1.9). What does not: the common
verdicts (``providers/verdicts.py``).
"""

from __future__ import annotations

from typing import Any

import httpx

from synkro_assets.domain.errors import ProviderUnavailable, SynkroError, TokenExpired
from synkro_assets.providers.verdicts import body_of, detail_suffix, seconds, verdict

PROVIDER = "amoCRM"

_LONGEST_NAMES = 200
_SENTENCES = {
    400: "it does not understand the request",
    402: "the account is not paid; pay for it, then check the integration",
    403: "no rights for this; check the rights of the user who connected the integration",
    404: "nothing is there; check base_url",
    414: "the address is too long",
}


def classify(response: httpx.Response) -> SynkroError | None:
    """TokenExpired for 401, RateLimited for 429 (hint in header or body), else by the table."""
    if response.status_code == 401:
        text = (
            f"{PROVIDER} no longer accepts the token{detail_suffix(response)}: "
            "reconnect the integration"
        )
        return TokenExpired(PROVIDER, text, status=401)
    sentences = _SENTENCES
    fields = _misunderstood(response)
    if fields:
        sentences = {**_SENTENCES, 400: f"{_SENTENCES[400]}: {fields}"}
    return verdict(PROVIDER, response, sentences, retry_after=_body_retry_after(response))


def strange() -> ProviderUnavailable:
    """An answer that calls itself a success and holds something else."""
    text = f"{PROVIDER} answered in an unknown shape; try again, and check base_url if it stays so"
    return ProviderUnavailable(PROVIDER, text)


def _misunderstood(response: httpx.Response) -> str:
    """The parameters a 400 names with what is wrong about them; its detail alone says neither."""
    body = body_of(response) if response.status_code == 400 else None
    groups = body.get("validation-errors") if isinstance(body, dict) else None
    errors = [
        error
        for group in (groups if isinstance(groups, list) else [])
        for error in _list_of(group, "errors")
        if isinstance(error, dict)
    ]
    named = [f"{error.get('path')}: {error.get('detail')}" for error in errors]
    return "; ".join(named)[:_LONGEST_NAMES]


def _list_of(holder: Any, name: str) -> list[Any]:
    found = holder.get(name) if isinstance(holder, dict) else None
    return found if isinstance(found, list) else []


def _body_retry_after(response: httpx.Response) -> float | None:
    body = body_of(response) if response.status_code == 429 else None
    hint = body.get("retry_after") if isinstance(body, dict) else None
    is_number = isinstance(hint, int | float) and not isinstance(hint, bool)
    return seconds(float(hint)) if is_number and hint is not None else None
