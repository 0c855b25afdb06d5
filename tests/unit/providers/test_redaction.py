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


def test_what_is_searched_for_and_secret_parameters_are_masked():
    fields = Redactor().fields({"query": "+7 999", "api_key": "abc", "limit": "250"})
    assert fields == {"query": "***", "api_key": "***", "limit": "250"}


def test_libraries_that_log_addresses_are_muted():
    logging.getLogger("httpx").setLevel(logging.DEBUG)
    mute_address_loggers()
    assert not logging.getLogger("httpx").isEnabledFor(logging.INFO)
    assert not logging.getLogger("httpcore.http11").isEnabledFor(logging.DEBUG)
