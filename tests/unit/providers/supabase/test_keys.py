"""Keys tell what they may by their look, before any request."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synkro_assets.domain.errors import ProviderRefused
from synkro_assets.providers.supabase.keys import KeyKind, is_jwt, key_kind, require_writing_key


def jwt(**claims: str) -> str:
    def encoded(part: dict[str, str]) -> str:
        return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()

    return f"{encoded({'alg': 'HS256'})}.{encoded(claims)}.c2lnbmF0dXJl"


KEYS = {
    "sb_secret_abcdefgh": KeyKind.SECRET,
    "sb_publishable_abcdefgh": KeyKind.PUBLISHABLE,
    jwt(role="service_role"): KeyKind.SERVICE_ROLE,
    jwt(role="anon"): KeyKind.ANON,
    jwt(role="authenticated"): KeyKind.USER_TOKEN,
    jwt(role="analyst"): KeyKind.UNKNOWN,
    jwt(iss="supabase"): KeyKind.UNKNOWN,
    "anything": KeyKind.UNKNOWN,
    "a.b.c": KeyKind.UNKNOWN,
    "a.bnVsbA.c": KeyKind.UNKNOWN,
    "a.W10.c": KeyKind.UNKNOWN,
}


@pytest.mark.parametrize("key", KEYS)
def test_a_keys_kind_is_seen(key):
    assert key_kind(key) is KEYS[key]


@pytest.mark.parametrize("key", [key for key, kind in KEYS.items() if kind.may_write])
def test_a_key_that_may_write_passes(key):
    require_writing_key(key)


@pytest.mark.parametrize("key", [key for key, kind in KEYS.items() if not kind.may_write])
def test_a_key_that_may_not_write_is_refused_and_not_quoted(key):
    with pytest.raises(ProviderRefused, match="which may not write: save the project's") as refused:
        require_writing_key(key)
    assert key not in str(refused.value)


def test_only_a_jwt_is_a_bearer_token():
    assert is_jwt(jwt(role="anon"))
    assert not is_jwt("sb_secret_abcdefgh")


@given(st.text(max_size=60) | st.lists(st.text(max_size=9), min_size=3, max_size=3).map(".".join))
def test_no_text_is_too_strange_to_be_judged(key):
    assert key_kind(key) in KeyKind
    is_jwt(key)
