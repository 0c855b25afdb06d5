"""What Gemini's refusals mean and what somebody has to do about them.

What lives here: the verdict on a Gemini answer (reference §5.3): a wrong key is a 400, the delay
of a 429 is in the body, a used-up day is told from a busy minute by the quota's id. What does
not: the common verdicts (``providers/verdicts.py``), answers that are no answer (``answers``).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from synkro_assets.domain.errors import ProviderRefused, RateLimited, SynkroError
from synkro_assets.domain.protocols import Clock
from synkro_assets.providers.verdicts import body_of, detail_suffix, seconds, verdict

PROVIDER = "Gemini"

_WRONG_KEY = "the API key is not valid; create one in Google AI Studio and save it"
_SENTENCES = {
    400: "it does not accept the request",
    401: _WRONG_KEY,
    403: "the API key lacks the right or was blocked; create another and save it",
}
_NO_BILLING = "it cannot be used from this region or without billing; enable billing"
# Daily quotas begin anew at midnight there.
_QUOTA_ZONE = ZoneInfo("America/Los_Angeles")


class ModelGone(ProviderRefused):
    """The model is unknown, retired or not in this API version; another one may answer."""


class QuotaUsedUp(RateLimited):
    """The day's quota is spent; ``retry_after`` reaches to the next midnight Pacific."""


def classifier(clock: Clock) -> Callable[[httpx.Response], SynkroError | None]:
    """The verdict on an answer; ``clock`` tells how far off the daily quota's reset is."""

    def classify(response: httpx.Response) -> SynkroError | None:
        if response.is_success:
            return None
        error = _error_of(response)
        details = _details(error)
        status = response.status_code
        if status == 429 and any("PerDay" in quota for quota in _quota_ids(details)):
            text = f"{PROVIDER} has used up today's quota; wait for midnight Pacific or raise it"
            wait = _until_reset(clock.now())
            return QuotaUsedUp(PROVIDER, text, status=status, retry_after=wait)
        if status == 400 and _is_wrong_key(details, error):
            return ProviderRefused(PROVIDER, f"{PROVIDER}: {_WRONG_KEY}", status=status)
        if status == 400 and error.get("status") == "FAILED_PRECONDITION":
            text = f"{PROVIDER}: {_NO_BILLING}{detail_suffix(response)}"
            return ProviderRefused(PROVIDER, text, status=status)
        if status == 404:
            text = f"{PROVIDER} does not know the model{detail_suffix(response)}: choose another"
            return ModelGone(PROVIDER, text, status=status)
        return verdict(PROVIDER, response, _SENTENCES, retry_after=_retry_delay(details))

    return classify


def _error_of(response: httpx.Response) -> dict[str, Any]:
    body = body_of(response)
    body = body[0] if isinstance(body, list) and body else body
    error = body.get("error") if isinstance(body, dict) else None
    return error if isinstance(error, dict) else {}


def _details(error: dict[str, Any]) -> list[dict[str, Any]]:
    details = error.get("details")
    return [d for d in details if isinstance(d, dict)] if isinstance(details, list) else []


def _quota_ids(details: list[dict[str, Any]]) -> list[str]:
    found = [detail.get("violations") for detail in details]
    lists = [violations for violations in found if isinstance(violations, list)]
    return [str(v.get("quotaId")) for vs in lists for v in vs if isinstance(v, dict)]


def _is_wrong_key(details: list[dict[str, Any]], error: dict[str, Any]) -> bool:
    if any(detail.get("reason") == "API_KEY_INVALID" for detail in details):
        return True
    return "api key not valid" in str(error.get("message")).lower()


def _retry_delay(details: list[dict[str, Any]]) -> float | None:
    for detail in details:
        delay = detail.get("retryDelay")
        if isinstance(delay, str) and delay.endswith("s"):
            try:
                return seconds(float(delay[:-1]))
            except ValueError:
                return None
    return None


def _until_reset(now: datetime) -> float:
    there = now.astimezone(_QUOTA_ZONE)
    midnight = datetime.combine(
        there.date() + timedelta(days=1), datetime.min.time(), tzinfo=_QUOTA_ZONE
    )
    return midnight.timestamp() - now.timestamp()
