"""Keeping secrets out of every text that leaves the HTTP layer.

What lives here: the redactor that exceptions and exchange rows pass through, and the muting of
libraries that log addresses. What does not: the redaction of customers' data before an AI call
(``reporting/redaction.py``).

Two nets, because either alone has holes: the literal secrets a client was built with, in every
spelling an address or a JSON text gives them, and the shapes secrets are known to have.
"""

from __future__ import annotations

import html
import json
import logging
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

MASK = "***"

# Shorter "secrets" are test placeholders; replacing them would shred every text.
_SHORTEST_SECRET = 4
# The encoding of a shorter one is found in texts that have nothing to do with it.
_SHORTEST_IN_BASE64 = 8

_SECRET_NAMES = (
    r"(?:api[_-]?key|apikey|x-api-key|x-goog-api-key|key|access_token|refresh_token|client_secret"
    r"|long_lived_token|bot_token|token|authorization|password|code)"
)
_SHAPES = (
    (re.compile(r"(?i)\b(bearer\s+)[^\s\"',;]+"), rf"\1{MASK}"),
    (re.compile(r"\b(bot)?\d{5,}:[A-Za-z0-9_-]{16,}"), rf"\1{MASK}"),
    (re.compile(rf"(?i)([?&]{_SECRET_NAMES}=)[^&\s\"'#]+"), rf"\1{MASK}"),
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"), MASK),
    (re.compile(r"\bAIza[\w-]{30,}"), MASK),
    (re.compile(r"\bsb_(?:secret|publishable)_[\w-]{8,}"), MASK),
)
_SECRET_FIELD = re.compile(rf"(?i){_SECRET_NAMES}")
# What people search for is a name or a phone number.
_PERSONAL_FIELDS = frozenset({"query"})

# httpx writes whole addresses at INFO, and Telegram's token is part of the address.
_TALKATIVE_LOGGERS = ("httpx", "httpcore", "telegram", "google_genai")


class Redactor:
    """Replaces secrets in texts and plain values by ``***``."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        spellings = {
            spelling
            for secret in secrets
            if len(secret) >= _SHORTEST_SECRET
            for spelling in _spellings(secret)
        }
        # Longest first: a secret that begins with another must not leave its tail behind.
        ordered = sorted(spellings, key=len, reverse=True)
        self._literal = re.compile("|".join(map(re.escape, ordered))) if ordered else None

    def text(self, text: str) -> str:
        """``text`` without secrets."""
        if self._literal is not None:
            text = self._literal.sub(MASK, text)
        for shape, replacement in _SHAPES:
            text = shape.sub(replacement, text)
        return text

    def value(self, value: Any) -> Any:
        """A JSON value without secrets in any of its texts and names."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.value(each) for each in value]
        if isinstance(value, dict):
            return {self.text(str(name)): self.value(each) for name, each in value.items()}
        return value

    def fields(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Query parameters or headers with the values of secret and personal names masked."""
        return {
            name: MASK
            if _SECRET_FIELD.fullmatch(name) or name.lower() in _PERSONAL_FIELDS
            else self.text(str(value))
            for name, value in fields.items()
        }


def mute_address_loggers() -> None:
    """Let the HTTP libraries log warnings only, however the root logger is set."""
    for name in _TALKATIVE_LOGGERS:
        logger = logging.getLogger(name)
        if logger.level < logging.WARNING:
            logger.setLevel(logging.WARNING)


def _spellings(secret: str) -> set[str]:
    """The ways a secret may be written in an address, a JSON or HTML text, a header or a repr."""
    quoted = {quote(secret), quote(secret, safe=""), quote_plus(secret)}
    in_json = json.dumps(secret)[1:-1]
    return {
        secret,
        *quoted,
        *(re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), each) for each in quoted),
        in_json,
        # As PHP and Go write it.
        in_json.replace("/", "\\/"),
        in_json.translate({ord(each): f"\\u{ord(each):04x}" for each in "<>&"}),
        html.escape(secret),
        repr(secret)[1:-1],
        *(_in_base64(secret.encode()) if len(secret) >= _SHORTEST_IN_BASE64 else ()),
    }


def _in_base64(secret: bytes) -> Iterator[str]:
    """The base64 of a secret within a longer text, at each of three places in a group of bytes.

    Without the characters at its ends that hold bits of its neighbours.
    """
    for before in range(3):
        within = b64encode(bytes(before) + secret).decode().rstrip("=")
        whole = within[-(-before * 8 // 6) : len(within) if (before + len(secret)) % 3 == 0 else -1]
        yield from (whole, whole.translate(str.maketrans("+/", "-_")))
