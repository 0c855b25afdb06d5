"""The report that code alone writes: every section, and only those the sources can know."""

from __future__ import annotations

from dataclasses import replace

import pytest

from synkro_assets.domain.report_document import plain_text
from synkro_assets.reporting.day_data import DayData
from synkro_assets.reporting.facts_report import facts_document
from tests.unit.reporting.days import day, dialog, fact, quiet_day


def text_of(data: DayData) -> str:
    return plain_text(facts_document(data)).replace("\xa0", " ")


def headings(data: DayData) -> list[str]:
    return [section.heading for section in facts_document(data).sections]


def test_a_busy_day_in_russian() -> None:
    text = text_of(day())

    for part in (
        "Ромашка: вторник, 3 марта 2026", "2 марта, 22:01 — 3 марта, 22:01, Europe/Moscow",
        "21 диалог: 1 234 сообщения от клиентов, 42 от компании",
        "медиана по 21 диалогу: 1 ч 5 мин (рабочего времени 17 мин)",
        "без ответа: 5 диалогов, дольше всех ждут 1 д 1 ч (рабочего времени 8 ч)",
        "ещё ждут с прошлых дней: 2 диалога", "нет в CRM: 3 диалога",
        "Клиент 1 — ждёт 1 ч 30 мин, +7 912 345-67-89, Анна Петрова",
        "ждёт с прошлых дней, 1 ч 30 мин, +7 912 345-67-89, ответственный не найден",
        "создано: 7, сменили этап: 9", "выиграно: 2 (1 250 000 ₽)", "проиграно: 4 (80 000 ₽)",
        "причины: Дорого — 4", "Анна Петрова — 11 диалогов, выиграно 2 (1 250 000 ₽)",
        "Полнота: переписка целиком, CRM целиком; данные по 3 марта, 22:01",
    ):  # fmt: skip
        assert part in text


def test_a_busy_day_in_english() -> None:
    text = text_of(day("en"))

    for part in (
        "21 dialogs: 1,234 messages from customers, 42 from the company",
        "unanswered: 5 dialogs, longest wait 1 d 1 h (working time 8 h)",
        "won: 2 (RUB1,250,000)", "Анна Петрова — 11 dialogs, won 2",
    ):  # fmt: skip
        assert part in text.replace("RUB ", "RUB")
    assert headings(day("en")) == ["Dialogs", "Waiting for an answer", "Deals", "Managers"]


@pytest.mark.parametrize("language", ["ru", "en"])
def test_a_quiet_day_says_so_and_nothing_else(language: str) -> None:
    document = facts_document(quiet_day(language))

    assert document.opening == quiet_day(language).wording.quiet[("radist", "amocrm")]
    assert document.sections == ()
    assert len(document.notes) == 1


def test_a_day_on_which_only_old_customers_wait_is_not_quiet() -> None:
    facts = (*quiet_day().facts, fact("dialogs_waiting_from_earlier_days", 1))
    data = replace(quiet_day(), facts=facts[-1:] + facts[:-1])

    assert facts_document(data).opening == ""
    assert "ещё ждут с прошлых дней: 1 диалог" in text_of(data)


def test_everybody_answered_is_said() -> None:
    text = text_of(day(values={"dialogs_unanswered": 0}, waiting=()))

    assert "все обращения дня получили ответ" in text
    assert "без ответа:" not in text
    assert "Ждут ответа" not in text


def test_no_reply_at_all_is_said() -> None:
    assert "ответов клиентам в этот день не было" in text_of(
        day(values={"first_reply_median_calendar": None, "first_reply_median_working": None})
    )


def test_of_many_waiting_ten_are_shown_and_the_rest_counted() -> None:
    data = day(waiting=tuple(dialog(count) for count in range(15)))

    lines = facts_document(data).sections[1].lines

    assert [line.lead for line in lines[:10]] == [f"Клиент {count}" for count in range(10)]
    assert [line.text for line in lines[10:]] == ["и ещё 5 диалогов"]


def test_ten_waiting_leave_no_rest() -> None:
    data = day(waiting=tuple(dialog(count) for count in range(10)))

    assert len(facts_document(data).sections[1].lines) == 10


def test_a_nameless_customer_and_a_long_message_stay_readable() -> None:
    long = dialog(1, contact_name=" ", last_customer_text="слово\n" * 100, phone=None)

    line = facts_document(day(waiting=(long,))).sections[1].lines[0]

    assert line.lead == "Без имени"
    assert len(line.quote) <= 140
    assert line.quote.endswith("…")
    assert "\n" not in line.quote
    assert line.text == "ждёт 1 ч 30 мин, Анна Петрова"
