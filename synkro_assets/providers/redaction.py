"""Keeping secrets out of every text that leaves the HTTP layer, and people out of what is stored.

What lives here: the redactor that exceptions and exchange rows pass through, and the muting of
libraries that log addresses. What does not: how people are found in a text (``personal_data``),
what of a payload is kept (``payloads``), the redaction of customers' data before an AI call
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
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote, quote_plus

from synkro_assets.providers.personal_data import MASK, spelled_out, without_personal_data

# Shorter "secrets" are test placeholders; replacing them would shred every text.
_SHORTEST_SECRET = 4
# The encoding of a shorter one is found in texts that have nothing to do with it.
_SHORTEST_IN_BASE64 = 8
_MOST_ROUNDS = 20

_PLAIN_NAMES = (
    r"api[_-]?key|apikey|x-api-key|x-goog-api-key|access_token|refresh_token|client_secret"
    r"|long_lived_token|bot_token|service_role_key|anon_key|token|authorization|password|secret"
)
# These two name harmless things outside an address.
_SECRET_NAMES = rf"(?:{_PLAIN_NAMES}|key|code)"
_SHAPES = (
    (re.compile(r"(?i)\b((?:bearer|basic)\s+)[^\s\"',;]+"), rf"\1{MASK}"),
    (re.compile(r"\b(bot)?\d{5,}:[A-Za-z0-9_-]{16,}"), rf"\1{MASK}"),
    (re.compile(rf"(?i)([?&]{_SECRET_NAMES}=)[^&\s\"'#]+"), rf"\1{MASK}"),
    (re.compile(rf"(?i)\b((?:{_PLAIN_NAMES})=)[^&\s\"'#,;]+"), rf"\1{MASK}"),
    (re.compile(rf"(?i)([\"'](?:{_PLAIN_NAMES})[\"']\s*:\s*[\"'])[^\"']+"), rf"\1{MASK}"),
    (re.compile(r"(?i)\b((?:x-api-key|x-goog-api-key|apikey)\s*:\s*)[^\s\"',;]+"), rf"\1{MASK}"),
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"), MASK),
    (re.compile(r"\bAIza[\w-]{30,}"), MASK),
    (re.compile(r"\bsb_(?:secret|publishable)_[\w-]+"), MASK),
)
_SECRET_FIELD = re.compile(rf"(?i){_SECRET_NAMES}")

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
        """``text`` without secrets; spelled out if one was hidden by an encoding."""
        masked = self._masked(text)
        plain = spelled_out(masked)
        if plain != masked and (decoded := self._masked(plain)) != plain:
            return self.text(decoded)
        return masked

    def stored(self, text: str) -> str:
        """``text`` without secrets and personal data, as it may be kept for people to read."""
        # A mask may leave what looks like a name beside it, so until nothing is found any more.
        for _ in range(_MOST_ROUNDS):
            masked = without_personal_data(self.text(text))
            if masked == text:
                return text
            text = masked
        return MASK

    def is_secret(self, name: str) -> bool:
        """Whether a field or parameter of this name holds a secret."""
        return bool(_SECRET_FIELD.fullmatch(name))

    def _masked(self, text: str) -> str:
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
