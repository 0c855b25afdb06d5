"""What the check of a model's key shows, lets leave and complains about."""

from __future__ import annotations

import json
from typing import Any

import pytest

from synkro_assets.providers.gemini import GeminiClient
from tests.databases import as_owner
from tests.integration.checks.conftest import Inspector, inspecting
from tests.integration.test_exchange_log import personal_data
from tests.stage import Scene

MODELS = "gemini-3.5-flash"


@pytest.fixture
def prompts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every prompt that left."""
    sent: list[str] = []
    generate = GeminiClient.generate_json

    def noted(self: GeminiClient, system: str, prompt: str, *rest: Any, **more: Any) -> Any:
        sent.append(prompt)
        return generate(self, system, prompt, *rest, **more)

    monkeypatch.setattr(GeminiClient, "generate_json", noted)
    return sent


def test_models_are_marked_and_samples_analysed(inspector: Inspector) -> None:
    inspector.scene.connect("ai", model=MODELS, fallback_models=["gemini-2.5-pro"])
    outcome = inspector.check("ai")
    assert outcome.status == "ok", outcome.error
    assert f"{MODELS} (configured)" in outcome.seen["models"]
    assert "gemini-2.5-pro (fallback)" in outcome.seen["models"]
    assert "gemini-2.5-flash" in outcome.seen["models"]
    assert outcome.seen["analysed"] == "samples"
    assert list(outcome.seen["analysis"]) == ["dialog-1", "dialog-2", "dialog-3"]
    assert "Можно оплатить картой" in outcome.seen["analysis"]["dialog-1"]
    assert len(outcome.shown().splitlines()) == 4


def test_stored_dialogs_are_analysed_without_anybodys_data(
    copied: Scene, impatient: None, prompts: list[str]
) -> None:
    with inspecting(copied) as inspector:
        outcome = inspector.check("ai")
    assert (outcome.status, outcome.seen["analysed"]) == ("ok", "stored dialogs")
    (prompt,) = prompts
    assert len(json.loads(prompt)["dialogs"]) == 3
    truth = copied.truth()
    said = {message["text"] for each in truth["dialogs"] for message in each["messages"]}
    people = {each for each in personal_data(truth) - said if len(each.split()) > 1}
    assert people
    assert not {each for each in people if each in prompt}


def test_the_first_name_of_a_dialogs_contact_does_not_leave(
    copied: Scene, impatient: None, prompts: list[str]
) -> None:
    with as_owner(copied.platform.database) as connection:
        signed = connection.execute(
            "update raw.radist_messages as said set payload = jsonb_set(said.payload, '{text}', "
            "jsonb_build_object('text', 'это ' || name || ', жду')) "
            "from (select radist_chat_id, "
            " split_part(payload #>> '{contact,contact_name}', ' ', 1) as name "
            " from raw.radist_chats) as people "
            "where people.radist_chat_id = said.radist_chat_id and name <> '' returning name"
        ).fetchall()
    with inspecting(copied) as inspector:
        assert inspector.check("ai").seen["analysed"] == "stored dialogs"
    (prompt,) = prompts
    assert "это ***, жду" in prompt
    assert not {row["name"] for row in signed if row["name"] in prompt}


@pytest.mark.parametrize(
    ("changes", "switches", "said"),
    [
        ({"api_key": "AIza-wrong-wrong-wrong-wrong-wrong-wrong"}, {}, "API key is not valid"),
        ({"model": "gemini-9-huge"}, {}, "may not use the model gemini-9-huge"),
        ({"fallback_models": ["gemini-2.0-flash"]}, {}, "may not use the model gemini-2.0-flash"),
        ({}, {"gemini_quota": "day"}, "used up today's quota"),
        ({}, {"gemini_block_prompt": True}, "blocked the prompt"),
        ({}, {"gemini_finish": "SAFETY"}, "withheld its answer"),
        ({}, {"gemini_finish": "TRUNCATED"}, "cut its answer off"),
        ({}, {"gemini_misbehave": "invalid_json"}, "not a JSON object"),
        ({}, {"gemini_misbehave": "unknown_ids"}, "does not hold to the dialogs"),
        ({}, {"gemini_misbehave": "digits"}, "does not hold to the dialogs"),
    ],
)
def test_what_is_wrong_is_a_sentence(
    inspector: Inspector, changes: dict[str, Any], switches: dict[str, Any], said: str
) -> None:
    inspector.scene.connect("ai", **changes)
    inspector.scene.simulators.switch(**switches)
    assert said in inspector.complaint("ai")


@pytest.mark.parametrize(
    "action",
    [{"status": 200, "body": "<html>hello</html>"}, {"close_mid_body": True}, {"status": 429}],
)
def test_a_broken_answer_is_a_sentence(inspector: Inspector, action: dict[str, Any]) -> None:
    inspector.scene.simulators.break_requests("gemini", "models", **action)
    assert "Gemini" in inspector.complaint("ai")
