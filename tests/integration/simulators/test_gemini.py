"""Gemini's double over HTTP, judged by google-genai as well."""

import json
import os
import re

import pytest

from .conftest import Lab

PROMPT = "Напиши отчёт. " + json.dumps(
    {
        "language": "ru",
        "facts": [
            {"fact_id": "dialogs_total", "title": "Диалогов за день", "value": 24},
            {"fact_id": "reply_median", "title": "Медиана ответа", "value": 7.5, "unit": "min"},
            {"fact_id": "late_5", "title": "Ответ позже 5 минут", "value": 3},
        ],
        "dialogs": [{"dialog_id": "d-1"}, {"dialog_id": "d-2"}],
        "managers": [{"manager_id": "5", "name": "Анна"}, {"manager_id": "6", "name": "Иван"}],
        "messages": [{"message_id": "m-1", "text": "Сколько стоит доставка до Казани?"}],
    },
    ensure_ascii=False,
)
SCHEMA = {
    "type": "OBJECT",
    "required": ["headline", "sections", "tone", "score", "evidence"],
    "properties": {
        "headline": {"type": "STRING"},
        "tone": {"type": "STRING", "enum": ["calm", "tense"]},
        "score": {"type": "INTEGER", "minimum": 1, "maximum": 5},
        "sections": {
            "type": "ARRAY",
            "minItems": 3,
            "maxItems": 4,
            "items": {
                "type": "OBJECT",
                "properties": {
                    "text": {"type": "STRING"},
                    "fact_ids": {"type": "ARRAY", "items": {"type": "STRING"}},
                    "dialog_ids": {"type": "ARRAY", "items": {"type": "STRING"}},
                },
            },
        },
        "managers": {
            "type": "ARRAY",
            "items": {
                "type": "OBJECT",
                "properties": {
                    "manager_id": {"type": "STRING"},
                    "advice": {"anyOf": [{"type": "NULL"}, {"type": "STRING"}]},
                },
            },
        },
        "evidence": {
            "type": "ARRAY",
            "items": {
                "type": "OBJECT",
                "properties": {"message_id": {"type": "STRING"}, "quote": {"type": "STRING"}},
            },
        },
    },
}


def body(schema: dict | None = SCHEMA, **config: object) -> dict:
    if schema:
        config |= {"responseMimeType": "application/json", "responseSchema": schema}
    return {"contents": [{"parts": [{"text": PROMPT}]}], "generationConfig": config}


def answer(lab: Lab, **config: object) -> dict:
    document = lab.gemini(body(**config)).json()
    return json.loads(document["candidates"][0]["content"]["parts"][-1]["text"])


def prose(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for key, item in value.items() if key != "quote" for text in prose(item)]
    if isinstance(value, list):
        return [text for item in value for text in prose(item)]
    return [value] if isinstance(value, str) and " " in value else []


def test_the_answer_fits_the_schema(lab: Lab) -> None:
    value = answer(lab)
    assert set(value) == set(SCHEMA["properties"])
    assert value["tone"] in ("calm", "tense")
    assert 1 <= value["score"] <= 5
    assert 3 <= len(value["sections"]) <= 4
    assert [row["manager_id"] for row in value["managers"]] == ["5", "6"]


def test_prose_cites_ids_of_the_request_and_holds_no_digit(lab: Lab) -> None:
    texts = prose(answer(lab))
    cited = {c for text in texts for c in re.findall(r"\{(\w+:[\w-]+)\}", text)}
    assert "fact:dialogs_total" in cited
    assert cited <= {"fact:dialogs_total", "fact:reply_median", "fact:late_5", "dialog:d-1",
                     "dialog:d-2", "manager:5", "manager:6"}  # fmt: skip
    assert not any(re.search(r"\d", re.sub(r"\{[^}]*\}", "", text)) for text in texts)
    assert any("Диалогов за день" in text for text in texts)


def test_quotes_are_pieces_of_their_message(lab: Lab) -> None:
    assert answer(lab)["evidence"][0] == {
        "message_id": "m-1",
        "quote": "Сколько стоит доставка до Казани?",
    }


def test_misbehaviour_is_switched_on_by_name(lab: Lab) -> None:
    lab.control("switches", gemini_misbehave="digits")
    assert any(re.search(r"\d%", text) for text in prose(answer(lab)))
    lab.control("switches", gemini_misbehave="unknown_ids")
    assert answer(lab)["sections"][0]["fact_ids"] == ["made_up_id"]
    lab.control("switches", gemini_misbehave="invalid_json")
    with pytest.raises(json.JSONDecodeError):
        answer(lab)


@pytest.mark.parametrize(
    ("switches", "code", "found"),
    [
        ({"gemini_quota": "day"}, 429, "PerDay"),
        ({"gemini_quota": "minute"}, 429, '"retryDelay":"33s"'),
        ({"gemini_overloaded": True}, 503, "UNAVAILABLE"),
        ({"gemini_retired": ["gemini-3.5-flash"]}, 404, "NOT_FOUND"),
        ({"gemini_block_prompt": True}, 200, "blockReason"),
        ({"gemini_finish": "SAFETY"}, 200, '"finishReason":"SAFETY"'),
        ({"gemini_thought_part": True}, 200, '"thought":true'),
        ({"gemini_fenced_json": True}, 200, "```json"),
    ],
)
def test_trouble_on_demand(lab: Lab, switches: dict, code: int, found: str) -> None:
    assert found not in lab.gemini(body()).text
    lab.control("switches", **switches)
    response = lab.gemini(body())
    assert response.status_code == code
    assert found in response.text


def test_thinking_may_use_up_the_budget_and_leave_no_parts(lab: Lab) -> None:
    lab.control("switches", gemini_finish="MAX_TOKENS")
    candidate = lab.gemini(body()).json()["candidates"][0]
    assert candidate["finishReason"] == "MAX_TOKENS"
    assert "parts" not in candidate["content"]


def test_a_bad_key_is_a_400_with_a_reason(lab: Lab) -> None:
    response = lab.http.get("/gemini/v1beta/models", headers={"x-goog-api-key": "x"})
    assert response.status_code == 400
    assert response.json()["error"]["details"][0]["reason"] == "API_KEY_INVALID"


def test_v1_refuses_json_output_when_gated(lab: Lab) -> None:
    key = {"x-goog-api-key": lab.loaded["integrations"]["ai"]["api_key"]}
    url = "/gemini/v1/models/gemini-3.5-flash%3AgenerateContent"
    assert lab.http.post(url, json=body(), headers=key).status_code == 200
    lab.control("switches", gemini_v1_gating=True)
    assert "Cannot find field" in lab.http.post(url, json=body(), headers=key).text
    assert lab.gemini(body()).status_code == 200


def test_the_google_client_generates_streams_counts_and_lists(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    from google import genai
    from google.genai import errors, types

    for name in [name for name in os.environ if name.startswith("GOOGLE_")]:
        monkeypatch.delenv(name)
    fields = lab.loaded["integrations"]["ai"]
    options = types.HttpOptions(base_url=fields["base_url"], api_version="v1beta", timeout=9000)
    client = genai.Client(api_key=fields["api_key"], http_options=options)
    config = types.GenerateContentConfig(
        response_mime_type="application/json",
        response_json_schema={
            "type": "object",
            "properties": {"text": {"type": "string"}, "item": {"$ref": "#/$defs/item"}},
            "$defs": {"item": {"type": "array", "minItems": 2, "items": {"type": "boolean"}}},
        },
        system_instruction="Ты аналитик продаж.",
    )
    response = client.models.generate_content(model=fields["model"], contents=PROMPT, config=config)
    value = json.loads(response.text)
    assert "{fact:" in value["text"]
    assert len(value["item"]) == 2
    assert response.usage_metadata.prompt_token_count > 50
    streamed = client.models.generate_content_stream(model=fields["model"], contents=PROMPT)
    assert "{fact:dialogs_total}" in "".join(chunk.text or "" for chunk in streamed)
    assert client.models.count_tokens(model=fields["model"], contents=PROMPT).total_tokens > 50
    names = [m.name for m in client.models.list(config={"page_size": 2})]
    assert f"models/{fields['model']}" in names
    assert len(names) == len(set(names)) > 4
    with pytest.raises(errors.ClientError) as caught:
        client.models.generate_content(model="gemini-2.0-flash", contents="x")
    assert caught.value.code == 404
