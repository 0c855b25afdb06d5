"""Reports that know one source only, and reports about a window of their own: nothing is said of
what is not known, and a period is not called a day.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from synkro_assets.domain.business_day import Window
from synkro_assets.domain.report_document import plain_text
from synkro_assets.domain.tenant import Mode
from synkro_assets.reporting.day_data import DayData, sources_read
from synkro_assets.reporting.facts_report import facts_document
from synkro_assets.reporting.grounding import grounded
from synkro_assets.reporting.prompt import day_prompt
from synkro_assets.reporting.writer import write_report
from tests.unit.reporting.days import (
    AMOCRM,
    RADIST,
    WINDOW,
    amocrm_day,
    channel_fact,
    day,
    dialog,
    fact,
    radist_day,
)
from tests.unit.reporting.test_writer import FakeModel

OF_DEALS = ("сдел", "выигра", "CRM", "ответственн", "Менеджер", "deal", "won", "Manager")
OF_DIALOGS = ("диалог", "сообщени", "ответ", "переписк", "ждёт", "dialog", "message", "waiting")


def text_of(data: DayData) -> str:
    return plain_text(facts_document(data)).replace("\xa0", " ")


def headings(data: DayData) -> list[str]:
    return [section.heading for section in facts_document(data).sections]


def forced(data: DayData, start: str, end: str) -> DayData:
    """The same facts about a window given in UTC."""
    window = Window(
        datetime.fromisoformat(f"{start}+00:00"), datetime.fromisoformat(f"{end}+00:00")
    )
    return replace(data, window=window, fetched_at=window.end, is_forced=True)


def of_nothing(data: DayData) -> DayData:
    facts = tuple(replace(each, value=each.value and each.value * 0) for each in data.facts)
    return replace(data, facts=facts, waiting=())


@pytest.mark.parametrize("language", ["ru", "en"])
def test_without_a_crm_nothing_is_said_of_deals_and_managers(language: str) -> None:
    text = text_of(radist_day(language))

    assert [word for word in OF_DEALS if word in text] == []


@pytest.mark.parametrize("language", ["ru", "en"])
def test_without_conversations_nothing_is_said_of_them(language: str) -> None:
    text = text_of(amocrm_day(language))

    assert [word for word in OF_DIALOGS if word in text.lower()] == []


def test_without_a_crm_dialogs_are_told_by_messenger_the_busiest_first() -> None:
    data = radist_day()

    assert headings(data) == ["Диалоги", "Ждут ответа", "Каналы"]
    assert (
        "• WhatsApp — 15 диалогов, 5 без ответа, первый ответ 1 ч 5 мин\n• Telegram — 6 диалогов"
        in (text_of(data))
    )
    assert "Клиент 1 — ждёт 1 ч 30 мин, +7 912 345-67-89, WhatsApp\n" in text_of(data)


def test_a_single_messenger_is_no_section() -> None:
    facts = (fact("dialogs", 5), channel_fact("dialogs", 5, "whatsapp"))

    assert headings(radist_day(facts=facts, waiting=())) == ["Диалоги"]


def test_without_conversations_managers_are_told_by_their_deals() -> None:
    data = amocrm_day()

    assert headings(data) == ["Сделки", "Менеджеры"]
    assert "Анна Петрова — сделки: 3 сменили этап, 2 выиграны" in text_of(data)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (radist_day(), "Полнота: переписка целиком; данные до 3 марта, 22:01"),
        (amocrm_day(), "Полнота: CRM целиком; данные до 3 марта, 22:01"),
        (radist_day("en"), "Completeness: all conversations; data until 3 March, 22:01"),
        (amocrm_day("en"), "Completeness: all of the CRM; data until 3 March, 22:01"),
    ],
)
def test_completeness_names_only_what_was_read(data: DayData, said: str) -> None:
    assert said in facts_document(data).notes[0]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (of_nothing(day()), "За этот день никто не написал и сделки не двигались."),
        (of_nothing(radist_day()), "За этот день никто не написал."),
        (of_nothing(amocrm_day()), "За этот день сделки не двигались."),
        (of_nothing(radist_day("en")), "Nobody wrote on this day."),
        (of_nothing(amocrm_day("en")), "No deal moved on this day."),
    ],
)
def test_a_quiet_day_speaks_of_its_sources_and_asks_no_model(data: DayData, said: str) -> None:
    model = FakeModel([])
    report = write_report(data, model, 0)

    assert report.document.opening == said
    assert report.document.sections == ()
    assert report.metadata["facts_only_reason"] == "quiet"
    assert model.asked == []


def answer(text: str) -> dict[str, Any]:
    return {"headline": text, "observations": [{"text": text}], "actions": [{"text": text}]}


def test_the_fewest_dialogs_are_asked_only_of_reports_that_know_dialogs() -> None:
    model = FakeModel([answer("Сделок выиграно: {fact:leads_won}.")])

    assert write_report(amocrm_day(), model, 1000).status == "complete"
    assert write_report(radist_day(), FakeModel([]), 1000).status == "facts_only"


def test_a_quiet_day_is_called_quiet_whatever_the_fewest_dialogs() -> None:
    report = write_report(of_nothing(day()), FakeModel([]), 1000)

    assert report.metadata["facts_only_reason"] == "quiet"


@pytest.mark.parametrize(
    ("data", "reference"),
    [
        (radist_day(), "{fact:leads_won}"), (radist_day(), "{manager:1}"),
        (amocrm_day(), "{fact:dialogs}"), (amocrm_day(), "{dialog:d1}"),
    ],
)  # fmt: skip
def test_what_a_mode_cannot_know_cannot_be_cited(data: DayData, reference: str) -> None:
    assert grounded(data, answer(f"Смотрите: {reference}"))[0] is None
    assert grounded(day(), answer(f"Смотрите: {reference}"))[0] is not None


def test_the_prompt_leaves_out_what_is_not_known() -> None:
    with_both, of_radist, of_amocrm = (
        json.loads(day_prompt(data)) for data in (day(), radist_day(), amocrm_day())
    )

    assert of_radist.keys() == with_both.keys() - {"managers", "dialogs_without_deal"}
    assert of_amocrm.keys() == with_both.keys() - {"dialogs", "dialogs_without_deal"}
    assert {each["fact_id"] for each in of_amocrm["facts"]} & RADIST.keys() == set()
    assert {each["fact_id"] for each in of_radist["facts"]} & AMOCRM.keys() == set()
    assert of_radist["dialogs"][0] == {
        "dialog_id": "d1", "waiting_minutes": 90, "waiting_working_minutes": 30,
        "channel": "WhatsApp",
    }  # fmt: skip
    of_channels = [each["channel"] for each in of_radist["facts"] if "channel" in each]
    assert set(of_channels) == {"Telegram", "WhatsApp"}


@pytest.mark.parametrize(
    ("modes", "sources"),
    [
        ([Mode.AMOCRM_RADIST], ("radist", "amocrm")),
        ([Mode.RADIST_ONLY], ("radist",)),
        ([Mode.AMOCRM_ONLY], ("amocrm",)),
        ([Mode.AMOCRM_RADIST, Mode.RADIST_ONLY], ("radist",)),
        ([Mode.AMOCRM_ONLY, Mode.RADIST_ONLY], ()),
    ],
)
def test_a_window_knows_what_all_its_days_read(modes: list[Mode], sources: tuple[str, ...]) -> None:
    assert sources_read(modes) == sources


@pytest.mark.parametrize(
    ("language", "title", "subtitle"),
    [
        (
            "ru", "Ромашка: отчёт за период 5 марта 10:00 — 16:00 (московское время)",
            "четверг, 5 марта 2026",
        ),
        (
            "en", "Ромашка: report for 5 March 10:00 — 16:00 (Moscow time)",
            "Thursday, 5 March 2026",
        ),
    ],
)  # fmt: skip
def test_the_title_of_a_forced_report_is_its_window(
    language: str, title: str, subtitle: str
) -> None:
    document = facts_document(forced(day(language), "2026-03-05 07:00", "2026-03-05 13:00"))

    assert document.title == title
    assert document.subtitle == subtitle


def test_a_period_over_midnight_names_both_dates_and_one_until_midnight_only_its_own() -> None:
    over = facts_document(forced(day(), "2026-03-04 19:00", "2026-03-05 07:00"))
    until = facts_document(forced(day(), "2026-03-04 10:00", "2026-03-04 21:00"))

    assert over.title.endswith("за период 4 марта 22:00 — 5 марта 10:00 (московское время)")
    assert over.subtitle == "среда, 4 марта 2026 — четверг, 5 марта 2026"
    assert until.subtitle == "среда, 4 марта 2026"


@pytest.mark.parametrize("make", [day, radist_day, amocrm_day, lambda lang: of_nothing(day(lang))])
@pytest.mark.parametrize(
    ("language", "day_words"), [("ru", ("день", "дня", "прошлых дней")), ("en", (" day",))]
)
def test_a_period_is_nowhere_called_a_day(
    make: Any, language: str, day_words: tuple[str, ...]
) -> None:
    data = forced(make(language), "2026-03-05 07:00", "2026-03-05 13:00")
    nothing_measured = {"first_reply_median_calendar", "dialogs_unanswered"}
    facts = (
        replace(each, value=None) if each.metric in nothing_measured else each
        for each in data.facts
    )

    for variant in (data, replace(data, facts=tuple(facts))):
        document = write_report(variant, FakeModel([answer("Всё идёт своим чередом.")]), 0).document
        text = plain_text(document).lower() + day_prompt(variant).lower()
        assert [word for word in day_words if word in text] == []


def test_data_are_known_up_to_the_windows_end_or_the_reading_before_it() -> None:
    early = forced(day(), "2026-03-05 07:00", "2026-03-05 13:00")
    early = replace(early, fetched_at=early.window.end - timedelta(minutes=7))

    assert "данные до 5 марта, 15:53, собраны" in facts_document(early).notes[0]
    assert "данные до 3 марта, 22:01, собраны" in facts_document(day()).notes[0]
    assert WINDOW.end < datetime(2026, 3, 3, 19, 10, tzinfo=UTC)


def test_who_was_silent_in_the_period_waits_since_before_it() -> None:
    data = forced(
        day(waiting=(dialog(1, is_active=False),)), "2026-03-05 07:00", "2026-03-05 13:00"
    )

    assert "Клиент 1 — ждёт с более раннего времени, 1 ч 30 мин" in text_of(data)
    assert "ещё 2 диалога ждут ответа с более раннего времени" in text_of(data)


@pytest.mark.parametrize("language", ["ru", "en"])
def test_a_period_that_no_source_covers_says_so(language: str) -> None:
    data = forced(day(language, facts=(), waiting=()), "2026-03-05 07:00", "2026-03-06 13:00")

    document = facts_document(replace(data, sources=()))

    assert ("режим" if language == "ru" else "mode") in document.opening
    assert (document.sections, document.notes) == ((), ())
