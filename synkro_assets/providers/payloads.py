"""What of a request and its answer is kept in the exchange log: their shape, not their content.

What lives here: the outline of a body (names, lengths, counts, harmless values), of an address's
query, and of an error a provider explains. What does not: masking inside a text (``redaction``,
``personal_data``), storing and size limits (``storage/integration_logs.py``).

Requests carry messages and prompts, answers carry customers. A value is therefore kept only if its
name and its own form both say that it is harmless; every other text is kept as its length.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

import httpx

from synkro_assets.domain.errors import SynkroError
from synkro_assets.providers.own_names import CODE
from synkro_assets.providers.personal_data import MASK, has_personal_data
from synkro_assets.providers.redaction import Redactor

# What is kept of a sentence is short; of a longer text the rest is not even looked at.
_LONGEST_READ = 8 * 1024
_LARGEST_OUTLINED = 1024 * 1024
_DEEPEST, _MOST_MEMBERS, _MOST_ITEMS = 6, 40, 3
_LONGEST_SAID = 300
_ECHOED = 4

_NAME = re.compile(r"[A-Za-z_@$][\w.\-\[\]@$]{0,60}", re.ASCII)
_WORDS = re.compile(r"[a-z0-9_.,:/\-]{1,200}|[A-Z0-9_]{1,60}|[A-Za-z]+/[\w.+\-]+", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?")
_WHOLE = re.compile(r"-?\d{1,19}")
_LONGEST_PLAIN_NUMBER, _LONGEST_ID, _EPOCH = 6, 9, 10

_PERSONAL = re.compile(
    r"(?i)(?:.*(?:phone|mail|name|msisdn|recipient|address)|query|q|search|to|from|text|body|chat"
    r"|caption|message|html|subject|sender|user|contact|login)"
)
# Only their own kinds of value are kept under these names.
_TECHNICAL_NAME = re.compile(
    r"(?i)model|method|parse_mode|role|type|types|status|.*mime_?type|grant_type|finish_?reason"
    r"|event|reason|with|sort|fields|select|on_conflict|order.*|filter\[type\]|language(_code)?"
    r"|currency|entity|object|code|state|block_?reason|model_?version|channel|alt|@type|domain"
    r"|kind|severity"
)
_TIME_NAME = re.compile(r"(?i).*(?:_at|date|time|since|until|expires).*")
_ID_NAME = re.compile(r"(?i)(?:.*[_\[])?ids?\]?(?:\[\])?")
_SAID_NAME = re.compile(r"(?i)detail|description|title|error|hint|message|msg|error_description")


def kept_request(request: httpx.Request, redact: Redactor) -> dict[str, Any]:
    """The query and the outline of the body."""
    kept: dict[str, Any] = {}
    query = _query(request, redact)
    if query:
        kept["query"] = query
    body = _sent(request)
    if body is not None:
        kept["bytes"] = len(body)
        if len(body) <= _LARGEST_OUTLINED:
            kept["body"] = outline(_parsed_form(request, body), redact)
    return kept


def kept_response(
    response: httpx.Response, answer: Any, error: SynkroError | None, redact: Redactor
) -> dict[str, Any]:
    """Sizes and counts of a usable ``answer``; of a refusal what the provider explains."""
    kept: dict[str, Any] = {
        "bytes": len(response.content),
        "content_type": redact.stored(response.headers.get("content-type", "")),
    }
    request_id = response.headers.get("x-request-id")
    if request_id:
        kept["request_id"] = redact.text(request_id)[:100]
    counts = dict(_counts(answer))
    if counts:
        kept["counts"] = counts
    if error is not None and not response.is_success:
        kept["body"] = _explained(response, redact)
    return kept


def outline(value: Any, redact: Redactor, name: str = "", depth: int = 0) -> Any:
    """A payload with harmless values kept and every other one told by its kind and length."""
    if isinstance(value, Mapping):
        if depth >= _DEEPEST:
            return f"{len(value)} members"
        members = [(str(key), each) for key, each in value.items()][:_MOST_MEMBERS]
        kept = {
            key if _NAME.fullmatch(key) and not has_personal_data(key) else MASK: outline(
                each, redact, key, depth + 1
            )
            for key, each in members
        }
        return kept if len(members) == len(value) else {**kept, "…": f"{len(value)} members"}
    if isinstance(value, list | tuple):
        items = [outline(each, redact, name, depth + 1) for each in value[:_MOST_ITEMS]]
        return items if len(items) == len(value) else [*items, f"… {len(value)} items"]
    if value is None or isinstance(value, bool):
        return value
    if redact.is_secret(name) and not (name == "code" and isinstance(value, int)):
        return MASK
    if not _is_harmless(name, str(value)):
        return _told(value)
    return redact.text(value) if isinstance(value, str) else value


def redacted(value: Any, redact: Redactor) -> Any:
    """A text without secrets and personal data; of anything else its outline."""
    return redact.stored(value) if isinstance(value, str) else outline(value, redact)


def explained(body: Any, redact: Redactor, name: str = "", depth: int = 0) -> Any:
    """An error body: sentences under the names providers give them masked, the rest as outline."""
    if isinstance(body, Mapping) and depth < _DEEPEST:
        members = list(body.items())[:_MOST_MEMBERS]
        return {
            str(key) if _NAME.fullmatch(str(key)) else MASK: explained(
                each, redact, str(key), depth + 1
            )
            for key, each in members
        }
    if isinstance(body, list) and depth < _DEEPEST:
        return [explained(each, redact, name, depth + 1) for each in body[:_MOST_ITEMS]]
    if isinstance(body, str) and name == "code" and CODE.fullmatch(body):
        return body
    if isinstance(body, str) and _SAID_NAME.fullmatch(name):
        return redact.stored(_beginning(body))[:_LONGEST_SAID]
    return outline(body, redact, name, depth)


def without_echoes(text: str, request: httpx.Request) -> str:
    """``text`` without what the request itself said of people: providers like to quote it."""
    for echo in sorted(_echoes(request), key=len, reverse=True):
        text = re.sub(re.escape(echo), MASK, text, flags=re.IGNORECASE)
    return text


def _query(request: httpx.Request, redact: Redactor) -> dict[str, Any]:
    found: dict[str, list[str]] = {}
    decoded = cache(unquote_plus)
    for pair in filter(None, request.url.query.decode("ascii", "replace").split("&")):
        name, _, value = pair.partition("=")
        values = found.setdefault(decoded(name), [])
        # The outline counts the others: an address may hold hundreds of ids.
        values.append(unquote_plus(value) if len(values) < _MOST_ITEMS else "")
    kept = outline(found, redact)
    return {
        name: values[0] if isinstance(values, list) and len(values) == 1 else values
        for name, values in kept.items()
    }


def _sent(request: httpx.Request) -> bytes | None:
    try:
        return request.content or None
    except httpx.RequestNotRead:
        # A file on its way; its size is in the header.
        return None


def _parsed_form(request: httpx.Request, body: bytes) -> Any:
    kind = request.headers.get("content-type", "")
    text = body.decode("utf-8", "replace")
    if "urlencoded" in kind:
        return dict(parse_qsl(text, keep_blank_values=True))
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _is_harmless(name: str, text: str) -> bool:
    if _TIME_NAME.fullmatch(name) and _INSTANT.fullmatch(text):
        return True
    if _WHOLE.fullmatch(text):
        digits = len(text.lstrip("-"))
        if _PERSONAL.fullmatch(name):
            return False
        if _TIME_NAME.fullmatch(name):
            return digits <= _EPOCH
        return digits <= (_LONGEST_ID if _ID_NAME.fullmatch(name) else _LONGEST_PLAIN_NUMBER)
    if re.fullmatch(r"-?\d{1,6}\.\d{1,6}", text):
        return not _PERSONAL.fullmatch(name)
    if not _TECHNICAL_NAME.fullmatch(name) or not _WORDS.fullmatch(text):
        return False
    return not has_personal_data(text)


def _told(value: Any) -> str:
    if isinstance(value, str):
        return f"text of {len(value)}"
    return "number" if isinstance(value, int | float) else type(value).__name__


def _counts(answer: Any, path: str = "", depth: int = 0) -> Iterator[tuple[str, int]]:
    """How many rows the lists of an answer hold, and the counts it names itself."""
    if isinstance(answer, list):
        yield path or "rows", len(answer)
    elif isinstance(answer, dict) and depth < 3:
        for name, value in list(answer.items())[:_MOST_MEMBERS]:
            if not _NAME.fullmatch(str(name)) or has_personal_data(str(name)):
                continue
            place = f"{path}.{name}" if path else str(name)
            if isinstance(value, int) and not isinstance(value, bool):
                if re.search(r"(?i)count$", name) and abs(value) < 10**_LONGEST_PLAIN_NUMBER:
                    yield place, value
            else:
                yield from _counts(value, place, depth + 1)


def _explained(response: httpx.Response, redact: Redactor) -> Any:
    try:
        body = json.loads(response.content)
    except (ValueError, RecursionError):
        # A gateway's page.
        said = " ".join(
            re.sub(r"(?s)<(script|style).*?</\1>|<[^>]*>", " ", _beginning(response.text)).split()
        )
        return without_echoes(redact.stored(said)[:_LONGEST_SAID], response.request)
    return _without_echoes(explained(body, redact), response.request)


def _beginning(text: str) -> str:
    """The first part of a text, ending with a word: half an address looks like none."""
    return text if len(text) <= _LONGEST_READ else text[:_LONGEST_READ].rpartition(" ")[0]


def _without_echoes(value: Any, request: httpx.Request) -> Any:
    if isinstance(value, dict):
        return {name: _without_echoes(each, request) for name, each in value.items()}
    if isinstance(value, list):
        return [_without_echoes(each, request) for each in value]
    return without_echoes(value, request) if isinstance(value, str) else value


def _echoes(request: httpx.Request) -> set[str]:
    """The texts a request holds about people, whole and, when short, word by word."""
    body = _sent(request)
    is_read = body is not None and len(body) <= _LARGEST_OUTLINED
    sent: list[Any] = [_parsed_form(request, body or b"")] if is_read else []
    sent += [{name: value} for name, value in request.url.params.multi_items()]
    found: set[str] = set()
    for name, text in _texts(sent):
        if _is_harmless(name, text) or len(text) > 2000:
            continue
        words = text.split() if len(text) <= 100 else []
        found |= {each for each in (text.strip(), *words) if len(each) >= _ECHOED}
        if len(found) > 200:
            break
    return found


def _texts(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _texts(each, str(key))
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each, name)
    elif isinstance(value, str):
        yield name, value
