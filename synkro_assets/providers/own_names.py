"""What a provider itself calls things: the code of an error, the id of what an answer is about.

What lives here: finding them in a parsed answer. What of a payload is kept besides is ``payloads``.
"""

from __future__ import annotations

import re
from typing import Any

from synkro_assets.providers.personal_data import has_personal_data

CODE = re.compile(r"[A-Za-z_]{2,40}|[A-Z0-9]{3,10}", re.ASCII)
_NO_CODES = frozenset({"error", "errors", "fail", "failed", "failure", "ok"})


def error_code(answer: Any, status: int) -> str:
    """The provider's own code in an error body, else the HTTP status."""
    number = answer.get("code") if status < 300 and isinstance(answer, dict) else None
    return _own_code(answer) or str(number if isinstance(number, int) else status)


def external_id(answer: Any) -> str | None:
    """What the provider calls the thing that an answer is about, where it says so."""
    body = answer.get("result", answer) if isinstance(answer, dict) else None
    if not isinstance(body, dict):
        return None
    places = (body, body.get("message"), body.get("data"))
    for place in (each for each in places if isinstance(each, dict)):
        for name in ("message_id", "messageId", "responseId", "id"):
            value = place.get(name)
            is_id = isinstance(value, int) and not isinstance(value, bool)
            if is_id or (isinstance(value, str) and 0 < len(value) <= 64 and value.isascii()):
                return str(value) if is_id or not has_personal_data(str(value)) else None
    return None


def _own_code(answer: Any) -> str | None:
    body = answer[0] if isinstance(answer, list) and answer else answer
    if not isinstance(body, dict):
        return None
    inner = body.get("error")
    places = [inner, body] if isinstance(inner, dict) else [body]
    for place in places:
        for name in ("status", "code", "error_code", "error"):
            value = place.get(name)
            text = value if isinstance(value, str) else ""
            if CODE.fullmatch(text) and text.lower() not in _NO_CODES:
                return text
    return None
