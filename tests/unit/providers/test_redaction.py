"""No secret survives in a text, whatever stands around it."""

from __future__ import annotations

import json
import logging
from urllib.parse import quote

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
