"""What an HTTP status means when a provider has no rule of its own for it.

What lives here: the common verdict table, the delay hint of the ``Retry-After`` header, and one
line out of an error body of any shape. What does not: what only one provider does (its
``errors`` module), failures without an answer (``gate``).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from synkro_assets.domain.errors import (
    ProviderError,
    ProviderRefused,
    ProviderUnavailable,
    RateLimited,
)

_LONGEST_DETAIL = 200
_DETAIL_NAMES = ("detail", "description", "message", "title", "error", "hint")
_TRY_LATER = frozenset({408, 425})
# Whoever asks for more is asked again then: a slip of the provider's locks nobody out for days.
LONGEST_HINT = 3600.0


def verdict(
    provider: str,
    response: httpx.Response,
    sentences: Mapping[int, str] | None = None,
    *,
    retry_after: float | None = None,
) -> ProviderError | None:
    """The error that ``response`` stands for, None when it is a success.

    ``sentences`` says per status what is wrong and what to do; ``retry_after`` (seconds) is the
    provider's hint where it is not in the ``Retry-After`` header.
    """
    status = response.status_code
    if response.is_success:
        return None
    if status == 429:
        return RateLimited(
            provider,
            f"{provider} says too many requests{detail_suffix(response)}; wait and try again",
            status=status,
            retry_after=retry_after if retry_after is not None else header_retry_after(response),
        )
    known = (sentences or {}).get(status)
    if known is not None:
        text = f"{provider} answered {status}: {known}{detail_suffix(response)}"
        return ProviderRefused(provider, text, status=status)
    if status >= 500 or status in _TRY_LATER:
        text = f"{provider} is not well (status {status}){detail_suffix(response)}; try again later"
        return ProviderUnavailable(provider, text, status=status)
    if response.is_redirect:
        text = f"{provider} redirects elsewhere (status {status}): check base_url"
        return ProviderRefused(provider, text, status=status)
    text = f"{provider} refused the request (status {status}){detail_suffix(response)}"
    return ProviderRefused(provider, text, status=status)


def header_retry_after(response: httpx.Response) -> float | None:
    """``Retry-After`` in seconds, whether written as a number or as a date; None when absent."""
    raw = response.headers.get("retry-after", "").strip()
    try:
        return seconds(float(raw))
    except ValueError:
        pass
    try:
        until = parsedate_to_datetime(raw)
        since = parsedate_to_datetime(response.headers.get("date", ""))
        return seconds((until - since).total_seconds())
    except (ValueError, TypeError):
        return None


def seconds(value: float) -> float | None:
    """A usable delay in seconds, from 0 to ``LONGEST_HINT``; None for what is not finite."""
    return min(max(0.0, value), LONGEST_HINT) if math.isfinite(value) else None


def body_of(response: httpx.Response) -> Any:
    """The parsed JSON body, None when there is none or it is not JSON."""
    try:
        return json.loads(response.content)
    except (ValueError, RecursionError):
        return None


def detail_of(response: httpx.Response) -> str:
    """One short line of what the provider says is wrong; empty when it says nothing readable."""
    return " ".join(_find_text(body_of(response)).split())[:_LONGEST_DETAIL]


def detail_suffix(response: httpx.Response) -> str:
    """`` (what the provider said)`` or nothing."""
    detail = detail_of(response)
    return f" ({detail})" if detail else ""


def _find_text(body: Any, depth: int = 0) -> str:
    if isinstance(body, str):
        return body
    if depth > 3:
        return ""
    if isinstance(body, list) and body:
        return _find_text(body[0], depth + 1)
    if isinstance(body, dict):
        for name in (*_DETAIL_NAMES, "msg", "errors"):
            found = _find_text(body.get(name), depth + 1)
            if found:
                return found
    return ""
