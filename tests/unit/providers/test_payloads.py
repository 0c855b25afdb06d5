"""What is kept of payloads: shapes, sizes and sentences; no message, no person, no secret."""

from __future__ import annotations

import json

import httpx
from hypothesis import given
from hypothesis import strategies as st

from synkro_assets.domain.errors import ProviderRefused
from synkro_assets.providers.payloads import (
    explained,
    kept_request,
    kept_response,
    outline,
    redacted,
    without_echoes,
)
from synkro_assets.providers.redaction import Redactor

REDACT = Redactor(["the-secret-key"])
PLANTED = ("Иван Петров", "ivan@example.org", "+7 701 123-45-67", "Здравствуйте, хочу купить")
ERROR = ProviderRefused("amoCRM", "refused")


def request(**given):
    return httpx.Request("POST", "https://host/path", **given)


def test_a_sent_message_is_kept_as_its_length():
    form = {"chat_id": "-1001234567890", "text": PLANTED[3], "parse_mode": "HTML"}
    kept = kept_request(request(data=form), REDACT)
    assert kept["body"] == {"chat_id": "text of 14", "text": "text of 25", "parse_mode": "HTML"}
    assert kept["bytes"] > 50


def test_a_prompt_is_kept_as_its_shape():
    body = {
        "contents": [{"role": "user", "parts": [{"text": " ".join(PLANTED)}]}],
        "generationConfig": {"temperature": 0.2, "maxOutputTokens": 900, "model": "gemini-2.5-pro"},
    }
    kept = kept_request(request(json=body), REDACT)["body"]
    assert kept["contents"][0]["role"] == "user"
    assert kept["contents"][0]["parts"][0]["text"].startswith("text of")
    assert kept["generationConfig"] == body["generationConfig"]


def test_the_query_keeps_what_says_which_page_was_asked_for():
    params = [
        ("limit", "250"), ("page", "2"), ("with", "contacts,loss_reason"),
        ("filter[created_at][from]", "1772744460"), ("until", "2026-03-05T22:01:00.000Z"),
        ("filter[type]", "lead_added,lead_deleted"), ("order[updated_at]", "asc"),
        ("chat_id", "123456"), ("query", "Иван"), ("phone", "+77011234567"), ("api_key", "abc"),
    ]  # fmt: skip
    kept = kept_request(httpx.Request("GET", "https://host/", params=params), REDACT)["query"]
    assert kept == dict(params) | {"query": "text of 4", "phone": "text of 12", "api_key": "***"}


def test_a_long_list_of_ids_is_counted():
    params = [("filter[id][]", str(number)) for number in range(100)]
    kept = kept_request(httpx.Request("GET", "https://host/", params=params), REDACT)["query"]
    assert kept == {"filter[id][]": ["0", "1", "2", "… 100 items"]}


@given(
    st.recursive(
        st.sampled_from(
            [*PLANTED, "Anna", "secret words of a customer", 77011234567, "the-secret-key"]
        ),
        lambda inner: st.one_of(
            st.lists(inner, max_size=4),
            st.dictionaries(
                st.sampled_from(
                    ["text", "name", "to", "phone", "id", "status", "detail", "x", "code"]
                ),
                inner,
                max_size=4,
            ),
        ),
        max_leaves=12,
    )
)
def test_no_planted_value_survives_in_a_body(value):
    said = json.dumps(
        [outline(value, REDACT), kept_request(request(json=value), REDACT)], ensure_ascii=False
    )
    for planted in (*PLANTED, "Anna", "secret words", "77011234567", "the-secret-key"):
        assert planted not in said


def test_the_outline_of_an_outline_says_no_more():
    value = {"text": PLANTED[3], "items": [{"id": 1}] * 9, "phone": 77011234567}
    once = outline(value, REDACT)
    assert json.dumps(outline(once, REDACT)).count("text of") >= json.dumps(once).count("text of")


def test_a_page_is_kept_as_counts():
    answer = {
        "_embedded": {"leads": [{"name": PLANTED[0]}] * 3},
        "usageMetadata": {"totalTokenCount": 7},
    }
    kept = kept_response(httpx.Response(200, json=answer), answer, None, REDACT)
    assert kept["counts"] == {"_embedded.leads": 3, "usageMetadata.totalTokenCount": 7}
    assert "Иван" not in json.dumps(kept, ensure_ascii=False)


def test_an_error_keeps_what_the_provider_explains_and_no_echo_of_the_request():
    asked = httpx.Request("GET", "https://host/", params={"query": "Анна-Мария"})
    body = {
        "title": "Bad Request",
        "status": 400,
        "code": "NotSupportedChoice",
        "detail": "nothing is found for анна-мария, ask ivan@example.org or +7 701 123-45-67",
        "contact": {"name": PLANTED[0]},
        "message": {"text": PLANTED[3]},
    }
    response = httpx.Response(400, json=body, request=asked)
    kept = kept_response(response, None, ERROR, REDACT)["body"]
    assert kept == {
        "title": "Bad Request",
        "status": 400,
        "code": "NotSupportedChoice",
        "detail": "nothing is found for ***, ask *** or ***",
        "contact": {"name": "text of 11"},
        "message": {"text": "text of 25"},
    }


def test_a_gateways_page_keeps_its_words():
    page = "<html><style>a{}</style><title>502 Bad Gateway</title><p>mail admin@host.kz</p></html>"
    response = httpx.Response(502, html=page, request=request())
    assert kept_response(response, None, ERROR, REDACT)["body"] == "502 Bad Gateway mail ***"


def test_a_page_of_customers_that_cannot_be_read_is_not_kept():
    response = httpx.Response(200, text='[{"name": "Иван Петров", "x": NaN}]', request=request())
    assert "Иван" not in str(kept_response(response, None, ERROR, REDACT))


def test_a_word_the_request_held_is_taken_out_of_a_sentence():
    asked = request(json={"text": "Добрый день", "to": "Aigul"})
    assert without_echoes("no contact AIGUL; день is bad", asked) == "no contact ***; *** is bad"


def test_what_others_log_is_a_masked_sentence_or_an_outline():
    assert redacted("wrote to ivan@example.org", REDACT) == "wrote to ***"
    assert redacted({"text": "hello", "rows": 3}, REDACT) == {"text": "text of 5", "rows": 3}


def test_depth_and_width_are_bounded():
    deep: object = "x"
    for _ in range(100):
        deep = {"a": [deep]}
    wide = {f"k{number}": number for number in range(1000)}
    assert len(json.dumps(outline(deep, REDACT))) < 300
    assert len(outline(wide, REDACT)) == 41
    assert len(json.dumps(explained(deep, REDACT))) < 300
