"""A report is always made: with a model's conclusions if they keep to the facts, else without."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from synkro_assets.domain.errors import (
    ProviderError,
    ProviderRefused,
    ProviderUnavailable,
    RateLimited,
)
from synkro_assets.reporting.facts_report import facts_document
from synkro_assets.reporting.writer import WrittenReport, conclusions_key, write_report
from tests.unit.reporting.days import RADIST, day

GOOD = {
    "headline": "Диалогов: {fact:dialogs}.",
    "observations": [{"text": "Ждёт {dialog:d1}."}],
    "actions": [{"text": "{manager:1}, ответьте."}],
}
MADE_UP = GOOD | {"headline": "Диалогов: 99."}


@dataclass
class Answer:
    data: dict[str, Any]
    model_version: str = "gemini-9-001"
    prompt_tokens: int = 100
    total_tokens: int = 150


@dataclass
class FakeModel:
    answers: list[dict[str, Any] | ProviderError]
    model: str = "gemini-9"
    asked: list[dict[str, Any]] = field(default_factory=list)

    def generate_json(self, **request: Any) -> Answer:
        self.asked.append(request)
        answer = self.answers[len(self.asked) - 1]
        if isinstance(answer, ProviderError):
            raise answer
        return Answer(answer)


def written(*answers: dict[str, Any] | ProviderError) -> tuple[WrittenReport, FakeModel]:
    model = FakeModel(list(answers))
    return write_report(day(), model, 1), model


def test_good_conclusions_complete_the_report() -> None:
    report, model = written(GOOD)

    assert report.status == "complete"
    assert report.document.opening == "Диалогов: 21."
    assert [section.lines[0].text for section in report.document.sections[-2:]] == [
        "Ждёт Клиент 1.",
        "Анна Петрова, ответьте.",
    ]
    assert "gemini-9-001" in report.document.notes[-1]
    assert report.metadata["model_calls"] == len(model.asked) == 1
    assert report.metadata["conclusions_key"] == conclusions_key(day(), model)


def test_ungrounded_conclusions_are_sent_back_once_with_what_is_wrong() -> None:
    report, model = written(MADE_UP, GOOD)

    assert report.status == "complete"
    assert "headline writes a number in digits" in model.asked[1]["prompt"]
    assert (report.metadata["prompt_tokens"], report.metadata["total_tokens"]) == (200, 300)


def test_conclusions_that_stay_ungrounded_are_left_out() -> None:
    report, model = written(MADE_UP, MADE_UP)

    assert len(model.asked) == 2
    assert_facts_only(report, "ungrounded", "не прошли проверку")
    assert "99" not in str(report.document.as_json())


def assert_facts_only(report: WrittenReport, reason: str, note: str) -> None:
    facts = facts_document(day())
    assert report.status == "facts_only"
    assert report.metadata["facts_only_reason"] == reason
    assert report.document.sections == facts.sections
    assert report.document.opening == facts.opening
    assert note in report.document.notes[-1]


@pytest.mark.parametrize(
    ("problem", "reason", "note"),
    [
        (ProviderRefused("gemini", "wrong key"), "refused", "отклонил запрос"),
        (ProviderUnavailable("gemini", "no answer"), "unavailable", "не ответил"),
        (RateLimited("gemini", "too many requests"), "unavailable", "не ответил"),
    ],
)
@pytest.mark.parametrize("before", [(), (MADE_UP,)])
def test_a_model_that_fails_does_not_hold_the_report_up(
    problem: ProviderError, reason: str, note: str, before: tuple[dict[str, Any], ...]
) -> None:
    report, _ = written(*before, problem)

    assert_facts_only(report, reason, note)
    assert report.metadata["facts_only_detail"] == str(problem)
    assert report.metadata["model_calls"] == len(before)


def test_without_a_model_the_report_is_the_facts() -> None:
    assert_facts_only(write_report(day(), None, 1), "not_configured", "не подключена")


def test_too_few_dialogs_are_not_sent_to_a_model() -> None:
    model = FakeModel([GOOD])

    report = write_report(day(), model, RADIST["dialogs"] + 1)

    assert_facts_only(report, "too_few_dialogs", "слишком мало")
    assert model.asked == []
    assert write_report(day(), model, RADIST["dialogs"]).status == "complete"


def test_a_bug_is_not_hidden_behind_a_facts_only_report() -> None:
    class Broken(FakeModel):
        def generate_json(self, **request: Any) -> Answer:
            raise KeyError("a bug")

    with pytest.raises(KeyError):
        write_report(day(), Broken([]), 1)


def test_the_key_changes_with_the_facts_and_the_model() -> None:
    model, other = FakeModel([]), FakeModel([], model="gemini-10")
    keys = {
        conclusions_key(day(), model),
        conclusions_key(day(), other),
        conclusions_key(day("en"), model),
        conclusions_key(day(values={"dialogs": 22}), model),
    }

    assert len(keys) == 4
    assert conclusions_key(day(), model) in keys
