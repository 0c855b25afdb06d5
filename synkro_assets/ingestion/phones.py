"""Phone numbers as people write them, in E.164.

What lives here: finding the numbers in a field. Which fields hold phones is known to ``amocrm`` and
``radist``, the short way to most numbers is ``plain_phones.py``, spacing a number for reading is
``reporting/figures.py``.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from synkro_assets.ingestion.plain_phones import plain_phone

if TYPE_CHECKING:
    import phonenumbers

# A number is seldom written in more pieces, and nobody writes more numbers without a comma.
_MOST_WORDS_OF_A_NUMBER, _MOST_WORDS = 8, 32
_SEPARATORS = re.compile(r"[,;/\n|]| и | or ", re.IGNORECASE)


@lru_cache(maxsize=65536)
def phones_in(text: str, region: str) -> tuple[str, ...]:
    """Every number of a text in E.164, in order, each once.

    ``region`` is the ISO 3166 code that numbers without a country code belong to. What is no number
    is left out; the text itself stays in the payload.
    """
    whole = plain_phone(text, region)
    if whole is not None:
        return (whole,)
    found: list[str] = []
    for piece in _SEPARATORS.split(text):
        found.extend(number for number in _numbers(piece, region) if number not in found)
    return tuple(found)


def phone_of(text: str | None, region: str) -> str | None:
    """The first number of a text in E.164, or None."""
    numbers = phones_in(text, region) if text else ()
    return numbers[0] if numbers else None


def search_text(phone: str) -> str:
    """The digits of an E.164 number that every way of writing it has in common.

    The country code is left out: people write "8" or nothing where it stands.
    """
    import phonenumbers

    return phonenumbers.national_significant_number(phonenumbers.parse(phone))


def _numbers(piece: str, region: str) -> list[str]:
    import phonenumbers

    whole = plain_phone(piece, region) or _parsed(piece, region)
    if whole is not None:
        return [whole]
    if several := _side_by_side(piece, region):
        return several
    matches = phonenumbers.PhoneNumberMatcher(piece, region, phonenumbers.Leniency.POSSIBLE)
    return [_e164(match.number) for match in matches if _is_of_full_length(match.number)]


def _side_by_side(piece: str, region: str) -> list[str]:
    """Valid numbers with nothing but blanks between them, as few as the piece's digits make up.

    Empty where they do not: a matcher would take the end of one number for the next one's begin.
    """
    words = [word for word in piece.split() if any(map(str.isdigit, word))]
    if not 2 <= len(words) <= _MOST_WORDS:
        return []
    best: list[list[str] | None] = [[], *([None] * len(words))]
    for end in range(1, len(words) + 1):
        for start in range(max(0, end - _MOST_WORDS_OF_A_NUMBER), end):
            before, shorter = best[start], best[end]
            if before is None or (shorter is not None and len(shorter) <= len(before) + 1):
                continue
            if number := _parsed(" ".join(words[start:end]), region):
                best[end] = [*before, number]
    return best[-1] or []


def _is_of_full_length(number: phonenumbers.PhoneNumber) -> bool:
    """Whether a number can be dialled from elsewhere: seven digits are some town's own."""
    import phonenumbers

    told = phonenumbers.is_possible_number_with_reason(number)
    return bool(told == phonenumbers.ValidationResult.IS_POSSIBLE)


def _parsed(piece: str, region: str) -> str | None:
    """The piece as one valid number: by the region's rules, else as a full number without ``+``."""
    import phonenumbers

    digits = re.sub(r"\D", "", piece)
    for candidate, default in ((piece, region), (f"+{digits}", None)):
        try:
            number = phonenumbers.parse(candidate, default)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            return _e164(number)
    return None


def _e164(number: phonenumbers.PhoneNumber) -> str:
    import phonenumbers

    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
