"""What the simulated model concludes from a day: true to the facts, useful, and in whole sentences.

It is asked with the product's own request and judged by the product's own gate.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from synkro_assets.domain.facts import Fact
from synkro_assets.reporting.day_data import DayData
from synkro_assets.reporting.grounding import Conclusions, grounded
from synkro_assets.reporting.prompt import RESPONSE_SCHEMA, day_prompt, instructions
from synkro_assets.simulators.gemini.materials import materials_of
from synkro_assets.simulators.gemini.schema_answer import SchemaAnswer
from tests.unit.reporting.days import RADIST, amocrm_day, day, dialog, fact, radist_day

ANSWERED = {"dialogs_unanswered": 0, "dialogs_waiting_from_earlier_days": 0}


def concluded(data: DayData) -> Conclusions:
    """The answer to a report's request, which must pass the gate."""
    request = {
        "systemInstruction": {"parts": [{"text": instructions(data.language)}]},
        "contents": [{"parts": [{"text": day_prompt(data)}]}],
    }
    answer = SchemaAnswer(materials_of(request), RESPONSE_SCHEMA).value()
    conclusions, problems = grounded(data, answer)
    assert problems == []
    assert conclusions is not None
    return conclusions


def sentences(data: DayData) -> list[str]:
    told = concluded(data)
    return [
        text.replace("\xa0", " ") for text in (told.headline, *told.observations, *told.actions)
    ]


def observed(data: DayData) -> str:
    return " ".join(concluded(data).observations).replace("\xa0", " ")


def reason(name: str, value: int) -> Fact:
    return fact(
        "leads_lost", value, fact_id=f"loss_reason.{len(name)}", subject_type="loss_reason",
        subject_id=name, subject_name=name or None, n=value,
    )  # fmt: skip


def losing(*reasons: Fact, **more: Any) -> DayData:
    lost = sum(int(each.value or 0) for each in reasons)
    data = amocrm_day(**more)
    kept = [each for each in data.facts if each.metric != "leads_lost"]
    return replace(data, facts=(*kept, fact("leads_lost", lost, n=lost), *reasons))


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("make", [day, radist_day, amocrm_day])
def test_every_mode_and_language_gets_whole_sentences_once(make: Any, language: str) -> None:
    told = sentences(make(language))

    assert len(told) >= 3
    assert len(set(told)) == len(told)
    for text in told:
        assert re.fullmatch(r"[A-ZА-Я\d+].*[.?]", text), text
        assert "'" not in text
        assert '"' not in text


def test_who_waits_comes_first_with_who_is_responsible() -> None:
    told = concluded(day())

    assert told.headline == "Без ответа осталось 5 диалогов: с этого и стоит начать."
    assert told.actions[0] == (
        "Сначала ответьте тем, кто ждёт дольше всех: Клиент 1 (ответственный — Анна Петрова), "
        "Клиент 2 (ответственного нет). Тем, у кого нет ответственного, назначьте его."
    )


def test_without_a_crm_nobody_is_looked_for() -> None:
    assert concluded(radist_day()).actions == (
        "Сначала ответьте тем, кто ждёт дольше всех: Клиент 1, Клиент 2.",
    )


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (1, "Без ответа остался 1 диалог:"), (3, "Без ответа остались 3 диалога:"),
        (12, "Без ответа осталось 12 диалогов:"), (21, "Без ответа остался 21 диалог:"),
    ],
)  # fmt: skip
def test_nouns_agree_with_the_facts_they_stand_by(count: int, said: str) -> None:
    assert concluded(day(values={"dialogs_unanswered": count})).headline.startswith(said)


def test_a_quick_reply_is_no_problem() -> None:
    quick = ANSWERED | {"first_reply_median_calendar": 0.4, "first_reply_median_working": 0.4}
    facts = (*(fact(metric, value) for metric, value in (RADIST | quick).items()),)
    told = concluded(radist_day(facts=facts, waiting=()))

    assert told.headline == (
        "Никто из написавших не остался без ответа: 21 диалог, "
        "первый ответ обычно занимает меньше минуты."
    )
    assert told.observations == ("Ничего тревожного эти факты не показывают.",)
    assert told.actions == ("Срочных действий эти факты не требуют.",)


def test_a_slow_reply_is_told() -> None:
    slow = ANSWERED | {"first_reply_median_working": 45}

    assert "обычно ждёт первого ответа 45 мин" in observed(day(values=slow, waiting=()))


def test_a_day_with_one_dialog_is_not_generalised() -> None:
    one = {"dialogs": 1, "messages_in": 2, "messages_out": 1, "replies": 1}
    facts = tuple(fact(metric, value, n=1) for metric, value in (RADIST | ANSWERED | one).items())
    told = concluded(radist_day(facts=facts, waiting=()))

    assert told.headline.startswith("Никто из написавших не остался без ответа: 1 диалог,")
    assert told.observations == ("Данных пока мало: сравнивать и обобщать рано.",)


def test_a_single_customer_who_waits_is_not_ranked() -> None:
    one = {"dialogs_unanswered": 1, "longest_wait_calendar": 20}

    told = concluded(day(values=one, waiting=(dialog(1),)))

    assert told.observations[0] == "Те, кто ждёт ответа, ждут недолго: дольше всех — 20 мин."
    assert told.actions[0] == (
        "Сначала ответьте клиенту, который ждёт: Клиент 1 (ответственный — Анна Петрова)."
    )


def test_the_reason_that_stands_out_is_named() -> None:
    data = losing(reason("Дорого", 12), reason("Нет в наличии", 3))

    assert "причин отказа встречается «Дорого»: 12 из 15 проигранных" in observed(data)
    assert "с причиной отказа «Дорого»" in concluded(data).actions[0]


def test_of_nearly_equal_reasons_neither_is_the_main_one() -> None:
    data = losing(reason("Выбрали конкурента", 143), reason("Дорого", 142))

    assert "почти одинаково часто" in observed(data)
    assert "Чаще" not in observed(data)


@pytest.mark.parametrize(
    "reasons",
    [
        (reason("Дорого", 4), reason("Далеко от нас", 1)),
        (reason("Дорого", 8), reason("Далеко от нас", 7), reason("Передумали", 7)),
        (reason("Дорого за 2 недели", 12),),
    ],
)
def test_no_reason_is_named_that_is_rare_does_not_stand_out_or_holds_a_number(
    reasons: tuple[Fact, ...],
) -> None:
    assert "Дорого" not in " ".join(sentences(losing(*reasons)))


def test_deals_lost_without_a_reason_are_told() -> None:
    data = losing(reason("", 5))

    assert "У 5 проигранных сделок не указана причина отказа." in observed(data)
    assert "указать причину отказа" in concluded(data).actions[0]


def test_the_manager_who_stands_apart_is_named_and_nobody_else() -> None:
    metric = "first_reply_median_calendar"
    replies = [
        fact(metric, minutes, who, n=6, fact_id=f"manager.{who}.{metric}")
        for who, minutes in (("1", 200), ("2", 60), ("3", 60))
    ]
    data = day(managers={"1": "Анна Петрова", "2": "Иван Ли", "3": "Олег Ким"})

    data = replace(data, facts=(*data.facts, *replies))
    assert "Анна Петрова отвечает дольше других: первый ответ обычно занимает 3 ч 20 мин" in (
        observed(data)
    )
    assert "Выясните, почему Анна Петрова отвечает дольше других." in concluded(data).actions
    small = tuple(replace(each, n=4) if each.subject_id == "1" else each for each in data.facts)
    assert "дольше других" not in " ".join(sentences(replace(data, facts=small)))


@pytest.mark.parametrize(
    ("won", "lost", "said"),
    [
        (5, 9, "Проигранных сделок больше, чем выигранных: 9 против 5."),
        (9, 5, "Выигранных сделок больше, чем проигранных: 9 против 5."),
        (4, 9, "Выиграны 4 сделки на 1 250 000 ₽."),
    ],
)
def test_outcomes_are_compared_where_there_are_enough(won: int, lost: int, said: str) -> None:
    numbers = {"leads_won": won, "leads_lost": lost}
    data = amocrm_day()
    facts = tuple(
        fact(each.metric, numbers[each.metric], n=numbers[each.metric])
        if each.metric in numbers and not each.subject_id
        else each
        for each in data.facts
    )

    assert concluded(replace(data, facts=facts)).headline.replace("\xa0", " ") == said


def test_a_forced_report_is_not_called_a_day() -> None:
    for data in (day(), radist_day(), amocrm_day(), losing(reason("Дорого", 12))):
        told = " ".join(sentences(replace(data, is_forced=True))).lower()
        assert not re.search(r"\b(день|дня|дней|сегодня|вчера|завтра)\b", told)


def test_sums_are_compared_where_they_tell_more_than_the_counts() -> None:
    metrics = {"leads_won": 9, "leads_won_amount": 100, "leads_lost": 6, "leads_lost_amount": 500}

    def told(**changes: int) -> str:
        values = {**metrics, **changes}
        facts = tuple(fact(metric, value, n=9) for metric, value in values.items())
        return observed(amocrm_day(facts=(*facts, fact("leads_created", 20))))

    assert "Сумма проигранных сделок больше суммы выигранных: 500 ₽ против 100 ₽." in told()
    assert "Сумма" not in told(leads_won_amount=900)
    assert "Сумма" not in told(leads_lost=20)
