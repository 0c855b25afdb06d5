"""Finding people in texts: phone numbers, e-mail addresses, handles, names in quotes.

What lives here: patterns, and the ways such data may be spelled in an address, in JSON or in HTML.
What does not: secrets (``redaction``), which values of a payload are texts at all (``payloads``).

It errs towards masking: a number of seven digits in a provider's sentence may be an id or a phone,
and is worth less than the promise that no phone is kept.
"""

from __future__ import annotations

import html
import re
import unicodedata
from functools import lru_cache
from urllib.parse import unquote

MASK = "***"

_UUID = r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b"
_BETWEEN = r"[\s().\-/+\u00ad\u00b7\u2010-\u2015\u2212\u200b-\u200f\u202f\u2060\ufeff_]"
_DATE = (
    r"(?<![+(])\b(?:19|20)\d\d-[01]\d-[0-3]\d"
    r"(?:[T ][0-2]\d:[0-5]\d(?::[0-5]\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?"
    rf"(?!\w|{_BETWEEN}{{0,5}}\d)"
)
_NUMBER = rf"[+(]?\d(?:{_BETWEEN}{{0,5}}\d){{6,}}"
_NUMBERS = re.compile(rf"({_UUID})|({_DATE})|{_NUMBER}")

_LOCAL = r"[^\s@<>\"'(),;:?&=/\[\]{}|*]"
_DOMAIN = r"[^\s@<>\"'(),;:?&=/\[\]{}|*#]"
# From the beginning of a word only, or long words would be read over and over again.
# Telegram's own account is told to people in our own sentences.
_ADDRESSES = re.compile(
    rf"(?:(?<=//)[^\s@/]++|(?<!{_LOCAL}){_LOCAL}*+)(?:@+(?!BotFather\b){_DOMAIN}+)+"
)

# What providers quote is what they were sent; a field or a constant of theirs is kept.
_QUOTED = re.compile(
    r"«([^»]{1,500})»|“([^”]{1,500})”|\"([^\"]{1,500})\"|(?<!\w)'([^']{1,500})'(?!\w)"
)
_TECHNICAL = re.compile(r"[a-z0-9_.:/\[\]-]+|[A-Z0-9_]+")
_CYRILLIC_WORD = "[А-ЯЁӘІҢҒҮҰҚӨҺ][а-яёәіңғүұқөһ]+"
_CYRILLIC_NAME = re.compile(rf"\b{_CYRILLIC_WORD}(?:[ -]{_CYRILLIC_WORD})+")
_LATIN_NAME = re.compile(r"\b[A-Z][a-z]+(?:[ -][A-Z][a-z]+)+\b")
# Two of these beside each other are no person.
_REASON_WORDS = frozenset(
    {
        "Access", "Allowed", "Bad", "Chat", "Conflict", "Content", "Denied", "Entity", "Error",
        "Exceeded", "Forbidden", "Found", "Gateway", "Invalid", "Key", "Limit", "Message",
        "Method", "Not", "Payment", "Rate", "Request", "Requests", "Required", "Server", "Service",
        "Timeout", "Token", "Too", "Unauthorized", "Unavailable", "Unprocessable", "User",
    }
)  # fmt: skip

_ESCAPES = frozenset("%\\&")
_JSON_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
_MOST_ROUNDS = 20


def without_personal_data(text: str) -> str:
    """``text`` with phones, e-mails, handles and quoted or evident names masked.

    Data hidden by percent-encoding, JSON or HTML escapes is found too; the text then comes back
    spelled out. Doing it again changes nothing.
    """
    for _ in range(_MOST_ROUNDS):
        # Spelled out first: masking a part of an encoded number would hide the rest of it.
        plain = spelled_out(text)
        masked = _masked(plain)
        if masked == plain:
            masked = _masked(text)
            if masked == text:
                return text
        text = masked
    return MASK


@lru_cache(maxsize=4096)
def has_personal_data(text: str) -> bool:
    """Whether ``without_personal_data`` would change the text; mostly asked of names of fields."""
    return without_personal_data(text) != text


def spelled_out(text: str) -> str:
    """``text`` without percent-encoding, escapes and typographic variants, however deep."""
    if text.isascii() and not _ESCAPES.intersection(text):
        return text
    for _ in range(_MOST_ROUNDS):
        plain = html.unescape(unquote(_JSON_ESCAPE.sub(lambda m: chr(int(m[1], 16)), text)))
        plain = unicodedata.normalize("NFKC", plain)
        if plain == text:
            break
        text = plain
    return text


def _masked(text: str) -> str:
    text = _ADDRESSES.sub(MASK, text)
    text = _NUMBERS.sub(lambda found: found[0] if found[1] or found[2] else MASK, text)
    text = _QUOTED.sub(_quoted, text)
    text = _CYRILLIC_NAME.sub(MASK, text)
    return _LATIN_NAME.sub(_latin_name, text)


def _quoted(found: re.Match[str]) -> str:
    said = next(group for group in found.groups() if group is not None)
    if said == MASK or _TECHNICAL.fullmatch(said):
        return found[0]
    return f"{found[0][0]}{MASK}{found[0][-1]}"


def _latin_name(found: re.Match[str]) -> str:
    words = re.split(r"[ -]", found[0])
    return found[0] if any(word in _REASON_WORDS for word in words) else MASK
