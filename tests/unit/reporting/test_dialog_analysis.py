"""What of a dialog may leave, and which readings of it are believed."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from synkro_assets.reporting.dialog_analysis import (
    dialogs_prompt,
    masked_dialog,
    sample_dialogs,
    verified,
)

WORDS = (("inbound", "Это Айгуль, мой номер +7 701 123-45-67"), ("outbound", "Спасибо, Айгуль!"))
DIALOGS = [masked_dialog(number, WORDS, []) for number in (1, 2, 3)]


def reading(number: int, **changes: Any) -> dict[str, Any]:
    plain = {
        "dialog_id": f"dialog-{number}",
        "summary": "The customer asks.",
        "intent": "question",
        "interest": "low",
        "needs_reply": False,
        "quote": "Спасибо",
    }
    return {**plain, **changes}


GOOD = {"dialogs": [reading(3), reading(1), reading(2)]}


def test_no_number_and_no_known_name_leaves() -> None:
    prompt = dialogs_prompt("ru", [masked_dialog(1, WORDS, ["Айгуль Нурланова"])])
    assert "Айгуль" not in prompt
    assert "701" not in prompt
    assert "Спасибо" in prompt


def test_readings_come_in_the_order_of_the_dialogs() -> None:
    readings, problems = verified(GOOD, DIALOGS)
    assert problems == []
    assert [each.dialog_id for each in readings] == ["dialog-1", "dialog-2", "dialog-3"]


@pytest.mark.parametrize(
    ("place", "change"),
    [
        (0, {"dialog_id": "dialog-1"}),
        (0, {"dialog_id": "dialog-4"}),
        (0, {"dialog_id": ["dialog-3"]}),
        (1, {"quote": "Спасибо большое"}),
        (1, {"quote": ""}),
        (1, {"summary": None}),
        (1, {"summary": "long " * 100}),
        (2, {"intent": "gift"}),
        (2, {"interest": 3}),
        (2, {"needs_reply": "no"}),
    ],
)
def test_an_answer_that_does_not_hold_is_refused(place: int, change: dict[str, Any]) -> None:
    data = deepcopy(GOOD)
    data["dialogs"][place].update(change)
    assert verified(data, DIALOGS)[1]


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"dialogs": None},
        {"dialogs": ["dialog-1"]},
        {"dialogs": []},
        {"dialogs": GOOD["dialogs"][:2]},
        {"dialogs": [*GOOD["dialogs"], reading(4)]},
    ],
)
def test_every_dialog_is_answered_and_no_other(data: dict[str, Any]) -> None:
    assert verified(data, DIALOGS)[1]


@pytest.mark.parametrize("language", ["ru", "en"])
def test_there_are_three_samples_in_every_language(language: str) -> None:
    samples = sample_dialogs(language)
    assert len(samples) == 3
    assert {direction for words in samples for direction, _ in words} == {"inbound", "outbound"}
    prompt = dialogs_prompt(language, [masked_dialog(1, words, []) for words in samples])
    assert "***" not in prompt
