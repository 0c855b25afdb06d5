"""A model's sentences: every number is a fact's, every name was given."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synkro_assets.reporting.grounding import grounded
from tests.unit.reporting.days import RADIST, day, dialog, fact

DAY = day()


def answer(headline: str = "День прошёл ровно.", text: str = "Ответьте {dialog:d1}.") -> Any:
    return {"headline": headline, "observations": [{"text": text}], "actions": [{"text": text}]}


def problems_of(text: str) -> list[str]:
    conclusions, problems = grounded(DAY, answer(text=text))
    assert (conclusions is None) == bool(problems)
    return problems


def test_values_and_names_are_put_in() -> None:
    text = "{dialog:d1} ждёт, медиана {fact:first_reply_median_calendar}; {manager:1} ответит."

    conclusions, problems = grounded(DAY, answer(headline="Диалогов: {fact:dialogs}.", text=text))

    assert problems == []
    assert conclusions is not None
    assert conclusions.headline == "Диалогов: 21."
    expected = "Клиент 1 ждёт, медиана 1 ч 5 мин; Анна Петрова ответит."
    assert conclusions.observations == conclusions.actions == (expected,)


@pytest.mark.parametrize("text", ["Ждут 5 клиентов", "Ждут ٥", "Рост на ½", "Этап Ⅷ", "五", "x²"])
def test_a_number_in_digits_of_any_script_is_refused(text: str) -> None:
    assert any("in digits" in problem for problem in problems_of(text))


@pytest.mark.parametrize(
    "word",
    [
        "два", "двух", "Три", "трёх", "трех", "пять", "семью", "десяток", "одиннадцать",
        "двадцати", "пятьдесят", "пятидесяти", "сорок", "сто", "сотни", "сотен", "двести",
        "двумстам", "пятьсот", "тысячи", "миллиарды", "ноль", "половина", "полутора", "трети",
        "вдвое", "двоих", "шестеро", "процентов", "%", "two", "Seven", "fifteen", "hundreds",
        "half", "twice", "doubled", "zero", "a third", "billions", "percent", "tenfold",
    ],
)  # fmt: skip
def test_a_number_in_words_is_refused(word: str) -> None:
    assert any("writes a number as" in problem for problem in problems_of(f"Ждут {word} их"))


@pytest.mark.parametrize(
    "text",
    [
        "Один из клиентов ждёт дольше всех, одна заявка без ответственного.",
        "Стоит расставить приоритеты и просто предложить встречу на местах.",
        "One of the customers waits; someone should often attend to the weight of it.",
        "Сотрудник оставил обращение без ответа, история семейная, трезвый взгляд.",
    ],
)
def test_words_that_only_look_like_numbers_pass(text: str) -> None:
    assert problems_of(text) == []


@pytest.mark.parametrize(
    "reference", ["{fact:sales}", "{dialog:d9}", "{manager:77}", "{fact:d1}", "{dialog:dialogs}"]
)
def test_an_id_that_was_not_given_is_refused(reference: str) -> None:
    assert any("was not given" in problem for problem in problems_of(f"Смотрите {reference}"))


@pytest.mark.parametrize("text", ["{customer:d1}", "{}", "{fact}", "{fact:}", "fact:dialogs}"])
def test_a_placeholder_of_another_kind_is_refused(text: str) -> None:
    assert any("placeholder" in problem for problem in problems_of(f"См. {text}"))


def test_a_fact_without_value_and_a_dialog_not_shown_cannot_be_cited() -> None:
    waiting = tuple(dialog(count) for count in range(12))
    data = day(values={"replies": None}, waiting=waiting)

    for reference in ("{fact:replies}", "{dialog:d11}"):
        assert grounded(data, answer(text=reference))[0] is None
    assert grounded(data, answer(text="{dialog:d9}"))[0] is not None


@pytest.mark.parametrize(
    "broken",
    [
        {"headline": ""}, {"headline": None}, {"observations": []}, {"observations": "x"},
        {"actions": [{}]}, {"actions": ["x"]}, {"actions": [{"text": "x"}] * 6},
        {"headline": "x" * 401}, {"actions": [{"text": "x" * 701}]},
    ],
)  # fmt: skip
def test_an_answer_of_another_shape_is_refused(broken: dict[str, Any]) -> None:
    conclusions, problems = grounded(DAY, answer() | broken)

    assert conclusions is None
    assert problems


@settings(max_examples=300, deadline=None)
@given(st.text(), st.characters(categories=["Nd", "Nl", "No"]), st.text())
def test_no_text_with_a_digit_outside_placeholders_is_accepted(
    before: str, digit: str, after: str
) -> None:
    text = f"{before.replace('{', '')} {digit} {after.replace('}', '')}"

    assert grounded(DAY, answer(text=text))[0] is None


PIECES = st.sampled_from(
    ["клиенты", "ждут", "7", "пять", "{fact:dialogs}", "{fact:messages_in}", "{fact:nothing}",
     "{fact:longest_wait_calendar}", "{manager:1}", "{", "}", "½", "и"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, min_size=1, max_size=8).map(" ".join))
def test_an_accepted_text_holds_only_numbers_of_facts(text: str) -> None:
    conclusions, _ = grounded(DAY, answer(text=text))

    if conclusions is not None:
        shown = conclusions.observations[0].replace("\xa0", "")
        known = {str(RADIST["dialogs"]), str(RADIST["messages_in"]), "1"}
        assert set(re.findall(r"\d+", shown)) <= known
        assert not re.search("[{}]", shown)


@pytest.mark.parametrize(
    ("phone", "called"), [("+79123456789", "+7 912 345-67-89"), (None, "Без имени")]
)
def test_a_nameless_customer_is_called_by_the_phone(phone: str | None, called: str) -> None:
    data = day(waiting=(dialog(1, contact_name=" ", phone=phone),))

    conclusions, _ = grounded(data, answer(text="Ответьте: {dialog:d1}."))

    assert conclusions is not None
    assert conclusions.actions == (f"Ответьте: {called}.",)


def test_a_manager_whom_the_crm_no_longer_lists_may_be_cited() -> None:
    data = day(facts=(*DAY.facts, fact("dialogs", 4, "7")))

    assert problems_of("Спросите: {manager:7}.") != []
    conclusions, _ = grounded(data, answer(text="Спросите: {manager:7}."))
    assert conclusions is not None
    assert conclusions.actions == ("Спросите: Сотрудник без имени.",)
