"""Gemini: a usable answer or a clear error, the right model, and no waste."""

from __future__ import annotations

import json

import httpx
import pytest

from synkro_assets.domain.errors import ProviderRefused, ProviderUnavailable, RateLimited
from synkro_assets.providers import gemini

SCHEMA = {
    "type": "object",
    "properties": {"a": {"type": "integer"}},
    "required": ["a"],
    "additionalProperties": False,
}
KEY = "gemini-secret-key"


@pytest.fixture
def ask(surroundings):
    """Ask a server that gives ``answers`` in turn, the last one for ever."""
    requests = surroundings.__dict__.setdefault("requests", [])

    def ask(*answers, fallback=()):
        queue = list(answers)

        def handler(request):
            requests.append(request)
            return queue.pop(0) if len(queue) > 1 else queue[0]

        public = {"model": "m1", "fallback_models": list(fallback), "base_url": "http://ai.test"}
        transport = httpx.MockTransport(handler)
        with gemini.client(
            public, {"api_key": KEY}, transport=transport, **surroundings.given()
        ) as client:
            return client.generate_json("be brief", "question", SCHEMA, 100, 0.1)

    return ask


def answer(text='{"a": 1}', reason="STOP", usage=True, parts=None):
    content = {"role": "model", "parts": parts if parts is not None else [{"text": text}]}
    body = {"candidates": [{"content": content, "finishReason": reason}], "modelVersion": "m1-001"}
    if usage:
        body["usageMetadata"] = {
            "promptTokenCount": 5,
            "candidatesTokenCount": 7,
            "totalTokenCount": 15,
            "thoughtsTokenCount": 3,
        }
    return httpx.Response(200, json=body)


def failure(code, status="X", *details, message="told"):
    error = {"code": code, "message": message, "status": status, "details": list(details)}
    return httpx.Response(code, json={"error": error})


def quota(name, delay):
    return failure(
        429,
        "RESOURCE_EXHAUSTED",
        {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaId": name}]},
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay},
    )


def test_the_authorities_are_not_read_for_each_client(ask, authorities_read):
    ask(answer())
    assert authorities_read == []


def test_the_answer_its_model_and_its_tokens_are_returned(ask, surroundings):
    got = ask(answer())
    assert got.data == {"a": 1}
    assert (got.model_version, got.finish_reason) == ("m1-001", "STOP")
    assert (got.prompt_tokens, got.candidates_tokens, got.total_tokens) == (5, 7, 15)
    (request,) = surroundings.requests
    assert request.url.path == "/v1beta/models/m1:generateContent"
    assert request.headers["x-goog-api-key"] == KEY
    body = json.loads(request.content)
    assert body["generationConfig"]["responseJsonSchema"] == SCHEMA
    assert body["generationConfig"]["responseMimeType"] == "application/json"
    assert body["systemInstruction"]["parts"][0]["text"] == "be brief"
    (row,) = surroundings.log.rows
    assert (row.action, row.status) == ("generateContent m1", 200)
    assert KEY not in repr(row)


def test_thoughts_fences_and_missing_usage_are_tolerated(ask):
    parts = [
        {"text": "thinking", "thought": True},
        {"text": '```json\n{"a":'},
        {"text": " 2}\n```"},
    ]
    got = ask(answer(parts=parts, usage=False))
    assert got.data == {"a": 2}
    assert not got.is_usage_known


@pytest.mark.filterwarnings("ignore:BRAND_NEW_REASON")
@pytest.mark.parametrize(
    ("response", "error", "told"),
    [
        (
            httpx.Response(200, json={"promptFeedback": {"blockReason": "SAFETY"}}),
            ProviderRefused,
            "blocked the prompt",
        ),
        (answer(parts=[], reason="SAFETY"), ProviderRefused, "SAFETY"),
        (answer(parts=[], reason="BRAND_NEW_REASON"), ProviderRefused, "BRAND_NEW_REASON"),
        (answer(parts=[], reason="MAX_TOKENS"), ProviderRefused, "max_output_tokens"),
        (answer('{"a": ', reason="MAX_TOKENS"), ProviderRefused, "max_output_tokens"),
        (answer('{"a": '), ProviderUnavailable, "not a JSON object"),
        (answer("[1]"), ProviderUnavailable, "not a JSON object"),
        (answer(""), ProviderUnavailable, "nothing"),
        (httpx.Response(200, json={}), ProviderUnavailable, "nothing"),
        (httpx.Response(200, json={"candidates": "?"}), ProviderUnavailable, "try again"),
        (httpx.Response(200, html="<html/>"), ProviderUnavailable, "not JSON"),
        (
            failure(400, "INVALID_ARGUMENT", {"reason": "API_KEY_INVALID"}),
            ProviderRefused,
            "API key is not valid",
        ),
        (failure(400, "INVALID_ARGUMENT"), ProviderRefused, "told"),
        (failure(400, "FAILED_PRECONDITION"), ProviderRefused, "billing"),
        (failure(403, "PERMISSION_DENIED"), ProviderRefused, "key"),
        (failure(404, "NOT_FOUND"), ProviderRefused, "model"),
        (failure(503, "UNAVAILABLE"), ProviderUnavailable, "try again"),
    ],
)
def test_what_is_no_answer_is_a_clear_error(ask, response, error, told):
    with pytest.raises(error, match=told) as problem:
        ask(response)
    assert isinstance(problem.value, error)
    assert "\n" not in str(problem.value)


def asked_models(surroundings):
    return [request.url.path.split("/")[-1].split(":")[0] for request in surroundings.requests]


def test_a_retired_model_gives_way_to_the_next(ask, surroundings):
    assert ask(failure(404, "NOT_FOUND"), answer(), fallback=["m2"]).data == {"a": 1}
    assert asked_models(surroundings) == ["m1", "m2"]


def test_an_overloaded_model_is_retried_then_the_next_one_asked(ask, surroundings):
    busy = failure(503, "UNAVAILABLE")
    assert ask(busy, busy, busy, answer(), fallback=["m2"]).data == {"a": 1}
    assert asked_models(surroundings) == ["m1", "m1", "m1", "m2"]


def test_a_busy_minute_is_waited_for_as_long_as_it_says(ask, surroundings):
    assert ask(quota("RequestsPerMinutePerProject", "12.5s"), answer()).data == {"a": 1}
    assert 12.5 <= surroundings.slept[0] <= 13
    assert surroundings.limiter.penalties == [("all", 12.5)]


def test_a_spent_day_is_not_retried_and_lasts_until_midnight_pacific(ask, surroundings):
    with pytest.raises(RateLimited) as problem:
        ask(quota("RequestsPerDayPerProject", "3s"))
    assert problem.value.retry_after == 20 * 3600
    assert surroundings.slept == []
    assert len(surroundings.requests) == 1


def test_models_are_listed_over_all_pages(surroundings):
    def handler(request):
        second = request.url.params.get("pageToken") == "t"
        name = "models/b" if second else "models/a"
        following = {} if second else {"nextPageToken": "t"}
        return httpx.Response(200, json={"models": [{"name": name}], **following})

    client = gemini.client(
        {"model": "m"},
        {"api_key": KEY},
        transport=httpx.MockTransport(handler),
        **surroundings.given(),
    )
    assert [model["name"] for model in client.models()] == ["models/a", "models/b"]
