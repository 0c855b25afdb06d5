"""No phone, e-mail or handle survives in a text, however it is spelled."""

from __future__ import annotations

import html
import json
import re
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synkro_assets.providers.personal_data import spelled_out, without_personal_data

TEXTS = st.text(max_size=30)
SEPARATORS = st.sampled_from(["", " ", "-", ".", "\u00a0", "\u2011", " - ", ") ", " (", "/"])


@st.composite
def phones(draw):
    """A number of 10 to 13 digits, with anything people write between them."""
    digits = draw(st.text("0123456789", min_size=10, max_size=13))
    start = draw(st.sampled_from(["", "+", "(", "+ (", "8 (", "00"]))
    return start + "".join(digit + draw(SEPARATORS) for digit in digits[:-1]) + digits[-1]


@st.composite
def emails(draw):
    local = draw(st.from_regex(r"[a-z0-9._+-]{1,12}", fullmatch=True))
    host = draw(st.from_regex(r"[a-z0-9-]{1,10}(\.[a-z]{2,5}){1,2}", fullmatch=True))
    return f"{local}@{host}"


def fully_encoded(text):
    return "".join(f"%{byte:02x}" for byte in text.encode())


SPELLINGS = [
    str,
    quote,
    quote_plus,
    lambda text: quote(quote(text, safe=""), safe=""),
    fully_encoded,
    html.escape,
    lambda text: "".join(f"&#{ord(each)};" for each in text),
    json.dumps,
    lambda text: "".join(f"\\u{ord(each):04x}" for each in text),
    lambda text: f"https://host/path?phone={quote(text)}&limit=1",
    lambda text: json.dumps({"value": text}),
]


def digits_of(text):
    return re.sub(r"\D", "", spelled_out(text))


@pytest.mark.parametrize("spelling", SPELLINGS)
@given(phone=phones())
def test_no_phone_is_left_in_any_spelling(spelling, phone):
    masked = without_personal_data(f"said {spelling(phone)} end")
    assert len(digits_of(masked)) < 7
    assert "said" in masked


@given(phone=phones(), before=TEXTS, after=TEXTS)
def test_no_phone_is_left_whatever_stands_around_it(phone, before, after):
    masked = without_personal_data(f"{before}{phone}{after}")
    assert re.sub(r"\D", "", phone) not in digits_of(masked) or digits_of(phone) in digits_of(
        without_personal_data(before) + without_personal_data(after)
    )


@pytest.mark.parametrize("spelling", SPELLINGS)
@given(email=emails())
def test_no_email_is_left_in_any_spelling(spelling, email):
    masked = without_personal_data(f"said {spelling(email)} end")
    assert email not in spelled_out(masked)
    assert email.split("@")[1] not in spelled_out(masked)


@given(st.one_of(st.text(max_size=200), phones(), emails()))
def test_masking_twice_is_masking_once(text):
    once = without_personal_data(text)
    assert without_personal_data(once) == once


@pytest.mark.parametrize(
    "said",
    [
        'contact "Иван Петров" is unknown',
        "no entry for «Анна»",
        "field value 'call me tomorrow' is not allowed",
        "Менеджер Айгуль Сериккызы не найден",
        "no user called John Smith",
        "ask @ivan_petrov",
    ],
)
def test_names_and_quoted_words_are_masked(said):
    masked = without_personal_data(said)
    for personal in ("Иван", "Петров", "Анна", "call me", "Айгуль", "John", "Smith", "ivan"):
        assert personal not in masked
    assert "***" in masked


@pytest.mark.parametrize(
    "said",
    [
        "Bad Request: chat not found",
        "Field 'custom_fields_values' is not supported",
        "Too Many Requests: retry after 7",
        "quota 'GENERATE_REQUESTS' is used up until 2026-03-05T12:00:00+03:00",
        "request 3f2a8b12-1234-4123-8123-123456789012 failed at 2026-03-05",
        "column leads.created_at does not exist",
        "",
    ],
)
def test_what_helps_to_mend_it_stays(said):
    assert without_personal_data(said) == said
