"""Phones as people write them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synkro_assets.ingestion.phones import phone_of, phones_in

NUMBER = "+79123456789"


@pytest.mark.parametrize(
    "text",
    [
        "8 (912) 345-67-89", "+7 912 345 67 89", "79123456789", "89123456789", "9123456789",
        "тел.: 8-912-345-67-89", "+7 (912) 345-67-89 доб. 12", "8 912 345 67 89 ext. 4",
    ],
)  # fmt: skip
def test_a_number_is_found_however_it_is_written(text: str) -> None:
    assert phones_in(text, "RU") == (NUMBER,)


@pytest.mark.parametrize(
    "text",
    [
        "8 (912) 345-67-89, +7 495 123-45-67", "89123456789; 84951234567",
        "+79123456789 / +74951234567", "8 912 345 67 89 и 8 495 123 45 67",
        "89123456789\n+74951234567", "8(912)345-67-89 8(495)123-45-67",
        "8 912 345-67-89 8 495 123-45-67", "моб 8 (912) 345 67 89 раб 8 (495) 123 45 67",
        "8(912)3456789 84951234567",
    ],
)  # fmt: skip
def test_two_numbers_in_one_field_are_two(text: str) -> None:
    assert phones_in(text, "RU") == (NUMBER, "+74951234567")


SHAPES = (
    "8{0}{1}{2}{3}", "+7{0}{1}{2}{3}", "8 {0} {1} {2} {3}", "8({0}){1}-{2}-{3}",
    "+7 ({0}) {1}-{2}-{3}", "8-{0}-{1}-{2}-{3}", "+7 {0} {1}{2}{3}",
)  # fmt: skip
NUMBERS = st.tuples(
    st.sampled_from(["912", "903", "495", "800"]),
    st.integers(200, 999), st.integers(10, 99), st.integers(10, 99),
)  # fmt: skip


@given(st.lists(st.tuples(NUMBERS, st.sampled_from(SHAPES)), min_size=2, max_size=3))
def test_numbers_with_nothing_but_blanks_between_them_are_told_apart(
    written: list[tuple[tuple[str, int, int, int], str]],
) -> None:
    text = " ".join(shape.format(*number) for number, shape in written)
    meant = ["+7" + "".join(map(str, number)) for number, _ in written]

    assert phones_in(text, "RU") == tuple(dict.fromkeys(meant))


@pytest.mark.parametrize("text", ["111-22-35", "8(912)345-67-89, 111-22-35"])
def test_the_number_of_some_town_is_nobodys(text: str) -> None:
    assert set(phones_in(text, "RU")) <= {NUMBER}


def test_a_number_that_is_written_twice_counts_once() -> None:
    assert phones_in("89123456789, +7 912 345-67-89", "RU") == (NUMBER,)


@pytest.mark.parametrize("text", ["", " ", "нет", "—", "+", "12", "ivan@example.com", "8" * 400])
def test_what_is_no_number_is_left_out(text: str) -> None:
    assert phones_in(text, "RU") == ()
    assert phone_of(text, "RU") is None


@pytest.mark.parametrize(
    ("text", "region", "number"),
    [
        ("030 901820", "DE", "+4930901820"),
        ("(212) 555-2368", "US", "+12125552368"),
        ("8 701 234 56 78", "KZ", "+77012345678"),
        ("+49 30 901820", "RU", "+4930901820"),
        ("4915112345678", "RU", "+4915112345678"),
    ],
)
def test_a_number_without_country_code_belongs_to_the_region(
    text: str, region: str, number: str
) -> None:
    assert phone_of(text, region) == number


def test_no_text_is_no_number() -> None:
    assert phone_of(None, "RU") is None


DIGITS_AND_SIGNS = st.text("+0123456789() -.,;/доб٣x#")


@given(st.one_of(st.text(), DIGITS_AND_SIGNS), st.sampled_from(["RU", "US", "KZ", "ZZ"]))
def test_no_text_breaks_the_reading(text: str, region: str) -> None:
    numbers = phones_in(text, region)

    assert all(re.fullmatch(r"\+[1-9][0-9]{3,16}", number) for number in numbers)
    assert len(set(numbers)) == len(numbers)
