"""No secret survives in a text, whatever stands around it."""

from __future__ import annotations

import html
import json
import logging
from base64 import b64encode, urlsafe_b64encode
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synkro_assets.providers.redaction import Redactor, mute_address_loggers

SECRETS = st.text(
    st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="*"),
    min_size=4,
    max_size=40,
)
TEXTS = st.text(max_size=40)


@given(SECRETS, SECRETS, TEXTS, TEXTS)
def test_no_secret_is_left_in_any_spelling(one, other, before, after):
    redactor = Redactor([one, other])
    for spelling in (one, other, quote(one), quote(other, safe=""), json.dumps(one)[1:-1]):
        assert spelling not in redactor.text(f"{before} {spelling} {after}")


@given(SECRETS, st.binary(max_size=5), st.binary(max_size=5))
def test_no_secret_is_left_inside_what_is_encoded_as_base64(secret, before, after):
    secret = f"{secret}{secret}secret"
    redactor = Redactor([secret])
    for encode in (b64encode, urlsafe_b64encode):
        text = encode(before + secret.encode() + after).decode()
        left = redactor.text(text).replace("***", "")
        assert len(left) < len(text) - len(secret)


@pytest.mark.parametrize(
    "spell",
    [
        lambda s: quote(s, safe="").lower(),
        lambda s: json.dumps(s).replace("/", "\\/"),
        lambda s: json.dumps(s).replace("&", "\\u0026").replace("<", "\\u003c"),
        html.escape,
    ],
    ids=["lower per cent", "PHP", "Go", "HTML"],
)
def test_no_secret_is_left_as_other_programs_write_it(spell):
    assert Redactor(["a/b<c&d=e"]).text(f"<{spell('a/b<c&d=e')}>").strip('<">') == "***"


def test_a_json_value_keeps_its_shape_and_loses_its_secrets():
    value = {"sesame": ["open sesame", 1, None, {"a": True}]}
    assert Redactor(["sesame"]).value(value) == {"***": ["open ***", 1, None, {"a": True}]}


def test_known_shapes_are_masked_without_being_told():
    text = Redactor().text(
        "POST https://api.telegram.org/bot123456789:AAF-abcdefghijklmnopqrstuv/sendMessage "
        "Authorization: Bearer abc.def, https://x/?apiKey=topsecret&a=1"
    )
    for secret in ("AAF-abc", "abc.def", "topsecret"):
        assert secret not in text
    assert "a=1" in text


@pytest.mark.parametrize(
    "text",
    [
        '{"access_token": "hidden-value", "expires_in": 1}',
        "{'refresh_token': 'hidden-value'}",
        "https://x/?api_key=hidden-value&limit=1",
        "https%3A%2F%2Fx%2F%3Fapi_key%3Dhidden-value%26limit%3D1",
        "x-api-key: hidden-value",
        "Authorization: Basic hidden-value",
        "Authorization%3A%20Bearer%20hidden-value",
        "POST /bot123456789%3Ahidden-value-that-is-long/getMe",
        "apikey: hidden-value",
    ],
)
def test_a_secret_is_known_by_the_name_before_it(text):
    assert "hidden-value" not in Redactor().text(text)


def test_keys_of_supabase_are_known_by_their_shape():
    kinds = ("sb_secret_abcDEF123", "sb_publishable_abcDEF123")
    assert Redactor().text(" ".join(kinds)) == "*** ***"


def test_sentences_about_keys_and_tokens_stay_readable():
    for sentence in (
        "amoCRM no longer accepts the token: reconnect the integration",
        "the API key is not valid; create one in Google AI Studio and save it",
        "the bot token is wrong or revoked; take it from @BotFather and save it again",
        "Telegram: the chat is gone; choose another one (Bad Request: chat not found)",
        "Radist is not well (status 502); try again later",
    ):
        assert Redactor().stored(sentence) == sentence


@given(SECRETS, TEXTS, TEXTS)
def test_masking_a_secret_twice_is_masking_it_once(secret, before, after):
    redactor = Redactor([secret])
    once = redactor.stored(f"{before} {secret} {after}")
    assert redactor.stored(once) == once
    assert redactor.text(redactor.text(before)) == redactor.text(before)


def test_libraries_that_log_addresses_are_muted():
    logging.getLogger("httpx").setLevel(logging.DEBUG)
    mute_address_loggers()
    assert not logging.getLogger("httpx").isEnabledFor(logging.INFO)
    assert not logging.getLogger("httpcore.http11").isEnabledFor(logging.DEBUG)
