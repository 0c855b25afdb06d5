"""The report that code alone writes: every section, and only those the sources can know."""

from __future__ import annotations

from dataclasses import replace

import pytest

from synkro_assets.domain.report_document import plain_text
from synkro_assets.reporting.day_data import DayData
from synkro_assets.reporting.facts_report import facts_document
from tests.unit.reporting.days import AMOCRM, amocrm_day, day, dialog, fact, quiet_day


def text_of(data: DayData) -> str:
    return plain_text(facts_document(data)).replace("\xa0", " ")


def headings(data: DayData) -> list[str]:
    return [section.heading for section in facts_document(data).sections]


def test_a_busy_day_in_russian() -> None:
    text = text_of(day())

    for part in (
        "Ромашка: вторник, 3 марта 2026", "2 марта, 22:01 — 3 марта, 22:01 (московское время)",
        "21 диалог: 1 234 сообщения от клиентов, 42 от компании",
        "клиентам ответили 40 раз; первый ответ — 1 ч 5 мин (в рабочее время — 17 мин), ",
        "медиана по 21 диалогу",
        "без ответа 5 диалогов, дольше всех клиент ждёт 1 д 1 ч (в рабочее время — 8 ч)",
        "ещё 2 диалога ждут ответа с прошлых дней", "у 3 диалогов нет сделки в CRM",
        "2 диалога не проверены по CRM: есть ли сделки, неизвестно",
        "Новый 1 — +7 912 345-67-00, номера нет в CRM",
        "Новый 2 — +7 912 345-67-00, есть контакт без сделки, Анна Петрова",
        "Новый 3 — +7 912 345-67-00, есть контакт без сделки, без ответственного",
        "Клиент 1 — ждёт 1 ч 30 мин, +7 912 345-67-89, Анна Петрова",
        "ждёт с прошлых дней, 1 ч 30 мин, +7 912 345-67-89, без ответственного",
        "создано 7 сделок; этап сменился у 9", "выиграны 2 сделки на 1 250 000 ₽",
        "проиграны 4 сделки на 80 000 ₽", "причины отказа: Дорого — 4",
        "Анна Петрова — 11 диалогов; сделки: 2 выиграны (1 250 000 ₽)",
        "Без ответственного — 10 диалогов",
        "Полнота: переписка и CRM целиком; данные до 3 марта, 22:01, собраны 3 марта, 22:10.",
    ):  # fmt: skip
        assert part in text


def test_a_busy_day_in_english() -> None:
    text = text_of(day("en"))

    for part in (
        "21 dialogs: 1,234 messages from customers, 42 from the company",
        "2 March, 22:01 — 3 March, 22:01 (Moscow time)",
        "customers were answered 40 times; first reply in 1 h 5 min (17 min of working time)",
        "median of 21 dialogs",
        "5 dialogs unanswered, the longest wait is 1 d 1 h (8 h of working time)",
        "7 new deals; 9 deals changed stage", "2 deals won, worth RUB1,250,000",
        "Анна Петрова — 11 dialogs; deals: 2 won (RUB1,250,000)", "Nobody responsible — 10 dialogs",
        "data until 3 March, 22:01",
    ):  # fmt: skip
        assert part in text.replace("RUB ", "RUB")
    assert headings(day("en")) == [
        "Dialogs", "Waiting for an answer", "No deal in the CRM", "Deals", "Managers",
    ]  # fmt: skip


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
    assert "ещё 1 диалог ждёт ответа с прошлых дней" in text_of(data)


def test_everybody_answered_is_said() -> None:
    text = text_of(day(values={"dialogs_unanswered": 0}, waiting=()))

    assert "никто из написавших не остался без ответа" in text
    assert "без ответа 0" not in text
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


def test_one_of_each_is_told_as_one() -> None:
    ones = {
        "dialogs": 1, "messages_in": 1, "messages_out": 1, "replies": 1, "dialogs_unanswered": 1,
        "dialogs_waiting_from_earlier_days": 1, "dialogs_without_deal": 1,
        "dialogs_not_looked_up": 1,
        "dialogs_without_manager": 1, "leads_created": 1, "leads_moved": 1, "leads_won": 1,
        "leads_lost": 1,
    }  # fmt: skip

    russian, english = (text_of(day(language, values=ones)) for language in ("ru", "en"))

    for part in (
        "1 диалог: 1 сообщение от клиентов, 1 от компании", "клиентам ответили 1 раз;",
        "без ответа 1 диалог, клиент ждёт 1 д 1 ч", "ещё 1 диалог ждёт ответа с прошлых дней",
        "у 1 диалога нет сделки в CRM",
        "1 диалог не проверен по CRM",
        "создана 1 сделка; этап сменился у 1", "выиграна 1 сделка на",
        "проиграна 1 сделка на", "Без ответственного — 1 диалог\n",
    ):  # fmt: skip
        assert part in russian
    for part in (
        "1 dialog: 1 message from customers", "customers were answered once;",
        "1 dialog unanswered, waiting 1 d 1 h", "1 more dialog has been waiting",
        "1 dialog has no deal in the CRM",
        "1 dialog could not be checked", "1 new deal; 1 deal changed stage", "1 deal won, worth",
    ):  # fmt: skip
        assert part in english


def test_deals_that_nothing_happened_to_are_told_in_words() -> None:
    none = dict.fromkeys(AMOCRM, 0)

    text = text_of(day(values=none))

    for part in ("новых сделок нет; этап не сменился ни у одной", "выигранных сделок нет\n"):
        assert part in text


@pytest.mark.parametrize("count", [1, 2, 5])
def test_a_managers_deals_agree_with_their_number_and_have_their_amounts(count: int) -> None:
    forms = {
        1: ("1 новая", "1 сменила этап", "1 выиграна", "1 проиграна"),
        2: ("2 новые", "2 сменили этап", "2 выиграны", "2 проиграны"),
        5: ("5 новых", "5 сменили этап", "5 выиграно", "5 проиграно"),
    }
    outcomes = [fact(f"leads_{each}", count, "1") for each in ("created", "moved", "won", "lost")]
    amounts = [fact("leads_won_amount", 900, "1"), fact("leads_lost_amount", 700, "1")]
    created, moved, won, lost = forms[count]

    text = text_of(amocrm_day(facts=(*outcomes, *amounts, fact("leads_created", count))))

    assert f"Анна Петрова — сделки: {created}, {moved}, {won} (900 ₽), {lost} (700 ₽)" in text


def test_the_managers_and_nobody_share_out_all_dialogs() -> None:
    lines = facts_document(day()).sections[-1].lines

    assert [(line.lead, line.text.split(";")[0]) for line in lines] == [
        ("Анна Петрова", "11 диалогов"),
        ("Без ответственного", "10 диалогов"),
    ]


def test_a_manager_whom_the_crm_no_longer_lists_is_still_counted() -> None:
    gone = dialog(1, manager_id="7")
    data = day(waiting=(gone,), facts=(fact("dialogs", 4, "7"), fact("dialogs", 4)))

    assert "Сотрудник без имени — 4 диалога" in text_of(data)
    assert "+7 912 345-67-89, Сотрудник без имени" in text_of(data)


def test_nobody_is_blamed_for_silence_where_no_customer_wrote() -> None:
    nothing = {"messages_in": 0, "replies": 0, "dialogs_unanswered": 0}
    unmeasured = {"first_reply_median_calendar": None, "first_reply_median_working": None}

    (first, *_) = facts_document(day(values=nothing | unmeasured)).sections

    assert [line.text for line in first.lines[1:]] == [
        "ещё 2 диалога ждут ответа с прошлых дней",
        "у 3 диалогов нет сделки в CRM",
        "2 диалога не проверены по CRM: есть ли сделки, неизвестно",
    ]


def test_of_many_reasons_the_rarest_are_not_listed() -> None:
    reasons = tuple(
        fact(
            "leads_lost", 20 - each, fact_id=f"reason.{each}", subject_type="loss_reason",
            subject_id=f"{each}", subject_name=f"Причина {each}" if each else "",
        )
        for each in range(9)
    )  # fmt: skip
    text = text_of(day(facts=(*day().facts[:-1], *reasons)))

    assert "причины отказа: не указана — 20; Причина 1 — 19;" in text
    assert "Причина 6 — 14 и другие\n" in text
    assert "Причина 7" not in text


@pytest.mark.parametrize(
    ("language", "count", "sentence"),
    [
        ("ru", 1, "1 запись не удалось прочитать, она отложена"),
        ("ru", 3, "3 записи не удалось прочитать, они отложены"),
        ("ru", 11, "11 записей не удалось прочитать, они отложены"),
        ("en", 1, "1 record could not be read and was set aside"),
        ("en", 3, "3 records could not be read and were set aside"),
    ],
)
def test_records_that_were_set_aside_are_counted(language: str, count: int, sentence: str) -> None:
    assert sentence in text_of(replace(day(language), quarantined=count))


@pytest.mark.parametrize("language", ["ru", "en"])
def test_a_day_without_them_says_nothing_of_it(language: str) -> None:
    assert "отложен" not in text_of(day(language))
    assert "set aside" not in text_of(day(language))
