"""Numbers as people read them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from synkro_assets.reporting import figures
from synkro_assets.reporting.wording import WORDINGS


def spaced(text: str) -> str:
    return text.replace("\xa0", " ").replace("\u202f", " ")


@pytest.mark.parametrize(
    ("minutes", "russian", "english"),
    [
        ("0", "0 мин", "0 min"),
        ("0.4", "меньше минуты", "under a minute"),
        ("0.99", "меньше минуты", "under a minute"),
        ("1", "1 мин", "1 min"),
        ("59.4", "59 мин", "59 min"),
        ("59.5", "1 ч", "1 h"),
        ("90", "1 ч 30 мин", "1 h 30 min"),
        ("1439.5", "1 д", "1 d"),
        ("1500", "1 д 1 ч", "1 d 1 h"),
        ("4387", "3 д 1 ч", "3 d 1 h"),
    ],
)
def test_a_duration_has_two_units_at_most(minutes: str, russian: str, english: str) -> None:
    assert figures.duration(Decimal(minutes), "ru") == russian
    assert figures.duration(Decimal(minutes), "en") == english


@pytest.mark.parametrize(
    ("value", "noun"),
    [
        (0, "диалогов"), (1, "диалог"), (2, "диалога"), (5, "диалогов"), (11, "диалогов"),
        (12, "диалогов"), (21, "диалог"), (22, "диалога"), (25, "диалогов"), (111, "диалогов"),
    ],
)  # fmt: skip
def test_russian_nouns_follow_their_number(value: int, noun: str) -> None:
    forms = WORDINGS["ru"].plurals["dialogs"]

    assert figures.counted(value, forms, "ru") == f"{value} {noun}"


@pytest.mark.parametrize(("value", "noun"), [(0, "dialogs"), (1, "dialog"), (21, "dialogs")])
def test_english_nouns_follow_their_number(value: int, noun: str) -> None:
    assert figures.plural_form(value, WORDINGS["en"].plurals["dialogs"], "en") == noun


@pytest.mark.parametrize(
    ("currency", "language", "text"),
    [
        ("KZT", "ru", "1 250 000 ₸"), ("KZT", "en", "KZT 1,250,000"),
        ("RUB", "ru", "1 250 000 ₽"), ("USD", "en", "$1,250,000"), ("EUR", "ru", "1 250 000 €"),
        (None, "ru", "1 250 000"), (None, "en", "1,250,000"),
    ],
)  # fmt: skip
def test_money_is_whole_units_with_its_sign(currency: str, language: str, text: str) -> None:
    assert spaced(figures.amount(Decimal(1250000), currency, language)) == text


def test_days_and_moments_are_the_tenants() -> None:
    instant = datetime(2026, 3, 2, 19, 1, tzinfo=UTC)

    assert figures.day_name(date(2026, 3, 3), "ru") == "вторник, 3 марта 2026"
    assert figures.moment(instant, "Europe/Moscow", "ru") == "2 марта, 22:01"
    assert figures.moment(instant, "Asia/Tokyo", "en") == "3 March, 04:01"


def test_a_phone_is_spaced_for_reading_or_left_alone() -> None:
    assert figures.phone("+79123456789") == "+7 912 345-67-89"
    assert figures.phone("no phone") == "no phone"


@pytest.mark.parametrize(
    ("timezone", "russian", "english"),
    [
        ("Europe/Moscow", "московское время", "Moscow time"),
        ("Asia/Almaty", "время: Алматы", "Almaty time"),
        ("America/New_York", "время: Нью-Йорк", "New York time"),
        ("America/Argentina/Buenos_Aires", "время: Buenos Aires", "Buenos Aires time"),
        ("UTC", "UTC", "UTC"),
        ("Etc/GMT+3", "Etc/GMT+3", "Etc/GMT+3"),
    ],
)
def test_a_zone_is_called_as_people_call_it(timezone: str, russian: str, english: str) -> None:
    assert figures.zone_name(timezone, "ru") == russian
    assert figures.zone_name(timezone, "en") == english


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0, "новых сделок нет"), (1, "создана 1 сделка"), (3, "созданы 3 сделки"),
        (11, "создано 11 сделок"), (21, "создана 21 сделка"), (1005, "создано 1 005 сделок"),
    ],
)  # fmt: skip
def test_verbs_follow_their_number_and_nothing_has_words_of_its_own(value: int, said: str) -> None:
    assert spaced(figures.phrase(value, WORDINGS["ru"].phrases["created"], "ru")) == said
