"""The short way to a number agrees with the long one wherever it answers."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synkro_assets.ingestion.phones import _parsed
from synkro_assets.ingestion.plain_phones import plain_phone

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
SPACED = ["{}", "({})", " {}", "-{}", "{} ", ") {}"]


@pytest.mark.parametrize(
    ("written", "region"),
    [
        ("+7 (912) 345-67-89", "KZ"),
        ("8 912 345 67 89", "RU"),
        ("79123456789", "RU"),
        ("+44 7400 123456", "RU"),
        ("(212) 555-0123", "RU"),
    ],
)
def test_usual_numbers_are_plain(written: str, region: str) -> None:
    shown = plain_phone(written, region)
    assert shown == (_parsed(written, region) if written[0] != "(" else None)
    assert shown is not None or written[0] == "("


@pytest.mark.parametrize("written", ["+7 912 345-67-89 доб. 5", "912", "++79123456789", "", "٧٩"])
def test_others_take_the_long_way(written: str) -> None:
    assert plain_phone(written, "RU") is None


def _dressings(number: phonenumbers.PhoneNumber, region: str) -> list[str]:
    code, national = number.country_code, phonenumbers.national_significant_number(number)
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(region)
    prefix = (metadata and metadata.national_prefix) or ""
    return [f"+{code}{national}", f"{code}{national}", f"{prefix}{national}", national,
            f"00{code}{national}", f"+{code}{prefix}{national}"]  # fmt: skip


@pytest.mark.parametrize("region", REGIONS)
def test_every_country_and_kind_of_line_reads_alike(region: str) -> None:
    for kind in range(11):
        number = phonenumbers.example_number_for_type(region, kind)
        for written in _dressings(number, region) if number else ():
            for home in (region, "RU", "US"):
                shown = plain_phone(written, home)
                assert shown is None or shown == _parsed(written, home)


@given(
    st.sampled_from(["RU", "KZ", "US", "GB", "BY", "UZ", "DE", "IT", "AR", "BR", "MX", "CI"]),
    st.sampled_from(["+", "", "+7", "8", "7", "+1", "1", "+44", "0", "810", "+375", "00"]),
    st.lists(st.tuples(st.text("0123456789", min_size=1, max_size=5), st.sampled_from(SPACED)),
             min_size=1, max_size=4),
)  # fmt: skip
def test_digits_of_any_kind_read_alike(
    region: str, start: str, groups: list[tuple[str, str]]
) -> None:
    written = start + "".join(form.format(digits) for digits, form in groups)
    shown = plain_phone(written, region)
    assert shown is None or shown == _parsed(written, region)
