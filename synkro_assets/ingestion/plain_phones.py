"""Phone numbers that are plainly what they look like, read without the whole art of it.

What lives here: the short way for digits in the usual spacing, by the same metadata as the long
way, which is ``phonenumbers`` itself in ``phones.py``. It answers only where both agree; a test
holds them together.

A number is plain when it is a country's whole national number, of a mobile or fixed line, after
``+`` and the country's code, after that code alone, or after the national prefix.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from phonenumbers import PhoneNumberDesc

_USUAL = re.compile(r"\+?[0-9 ()\-]+", re.ASCII)
_NEVER = re.compile("(?!)")
_SPACING = str.maketrans("", "", " ()-")


def plain_phone(piece: str, region: str) -> str | None:
    """The piece in E.164, or None where it takes the long way to tell."""
    if not _USUAL.fullmatch(piece):
        return None
    digits = piece.translate(_SPACING)
    if digits.startswith("+"):
        country = _country_of(digits[1:])
        national = country and digits[1 + len(country.code) :]
        return country.number(national) if country and national else None
    home = _country(region)
    return home.local(digits) if home else None


@dataclass(frozen=True, slots=True)
class _Country:
    """A calling code and the patterns of its main region's numbers.

    ``leading`` tells the main region from others of the code, ``stripped`` is what may be taken
    off the front of a number, ``abroad`` what begins a call to another country.
    """

    code: str
    general: re.Pattern[str]
    lines: tuple[re.Pattern[str], ...]
    leading: re.Pattern[str]
    stripped: re.Pattern[str]
    abroad: re.Pattern[str]
    prefix: str

    def number(self, national: str) -> str | None:
        """A whole national number; one whose beginning might be taken off is not plain."""
        if national.startswith("0") or self.stripped.match(national):
            return None
        is_line = any(line.fullmatch(national) for line in self.lines)
        is_own = self.leading.match(national) and self.general.fullmatch(national)
        return f"+{self.code}{national}" if is_line and is_own else None

    def local(self, digits: str) -> str | None:
        """A number without ``+``; one that could be read in two ways is not plain."""
        if self.abroad.match(digits) or self.general.fullmatch(digits):
            return None
        if digits.startswith(self.code):
            return self.number(digits[len(self.code) :])
        if self.prefix and digits.startswith(self.prefix):
            return self.number(digits[len(self.prefix) :])
        return None


@cache
def _country(region: str) -> _Country | None:
    """The country whose main region this is; None for any other region."""
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

    found = PhoneMetadata.metadata_for_region(region, None)
    code = found.country_code if found else None
    if found is None or code is None or COUNTRY_CODE_TO_REGION_CODE[code][0] != region:
        return None
    prefix = found.national_prefix or ""
    has_odd_prefix = prefix != found.national_prefix_for_parsing or (
        found.national_prefix_transform_rule is not None
    )
    return _Country(
        code=str(code),
        general=_sized(found.general_desc) or _NEVER,
        lines=tuple(filter(None, map(_sized, (found.mobile, found.fixed_line)))),
        leading=re.compile(found.leading_digits or ""),
        stripped=re.compile(found.national_prefix_for_parsing or _NEVER.pattern),
        abroad=re.compile(found.international_prefix or _NEVER.pattern),
        prefix="" if has_odd_prefix else prefix,
    )


def _sized(desc: PhoneNumberDesc | None) -> re.Pattern[str] | None:
    """The numbers of a kind: their pattern and their possible lengths in one."""
    if desc is None or not desc.national_number_pattern:
        return None
    lengths = "|".join(rf".{{{length}}}" for length in desc.possible_length)
    sized = rf"(?=(?:{lengths})\Z)" if lengths else ""
    return re.compile(f"{sized}(?:{desc.national_number_pattern})")


def _country_of(digits: str) -> _Country | None:
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

    for length in (1, 2, 3):
        code = digits[:length]
        regions = COUNTRY_CODE_TO_REGION_CODE.get(int(code)) if code and code[0] != "0" else None
        if regions:
            return _country(regions[0])
    return None
