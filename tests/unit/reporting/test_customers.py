"""Who has no deal in the CRM, as the report tells it."""

from __future__ import annotations

from synkro_assets.domain.report_document import Line
from synkro_assets.reporting.customers import without_deal
from synkro_assets.reporting.grounding import grounded
from tests.unit.reporting.days import day, dealless, quiet_day


def test_ten_are_listed_and_the_others_counted() -> None:
    data = day(without_deal=tuple(dealless(number) for number in range(12)))
    lines = without_deal(data).lines
    assert [line.lead for line in lines[:10]] == [f"Новый {number}" for number in range(10)]
    assert lines[10:] == (Line("и ещё 2 диалога", is_bullet=False),)


def test_a_customer_without_name_and_phone_is_listed_all_the_same() -> None:
    data = day("en", without_deal=(dealless(1, contact_name=None, phone=None),))
    assert without_deal(data).lines == (Line("not found in the CRM", lead="No name"),)


def test_nobody_is_listed_where_all_have_a_deal() -> None:
    assert without_deal(quiet_day()).lines == ()


def test_a_sentence_may_name_who_has_no_deal_and_only_those_listed() -> None:
    data = day(without_deal=tuple(dealless(number) for number in range(12)))
    texts = [{"text": "Позвоните: {dialog:n9}."}]
    answer = {"headline": "Есть кому позвонить.", "observations": texts, "actions": texts}
    conclusions, _ = grounded(data, answer)
    assert conclusions is not None
    assert conclusions.actions == ("Позвоните: Новый 9.",)
    texts[0]["text"] = "Позвоните: {dialog:n10}."
    assert grounded(data, answer)[0] is None
