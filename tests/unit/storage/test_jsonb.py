"""Payloads as PostgreSQL takes them: any value, never larger than allowed, the cut told."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synkro_assets.storage.jsonb import LARGEST_BYTES, jsonb_text, storable

TEXTS = st.text(st.characters(), max_size=20)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS, st.binary(max_size=5)),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(TEXTS, inner)),
    max_leaves=30,
)


@given(VALUES)
def test_any_value_becomes_json_without_what_postgres_refuses(value):
    text = jsonb_text(value)
    if value is None:
        assert text is None
        return
    assert text is not None
    assert "\x00" not in text and "\\u0000" not in text
    text.encode("utf-8")
    json.loads(text, parse_constant=pytest.fail)


@given(st.text(min_size=1, max_size=3), st.integers(0, 30_000), st.booleans())
def test_no_payload_is_larger_than_allowed(piece, times, is_member):
    value = {"status": 400, "body": piece * times} if is_member else [piece] * times
    text = jsonb_text(value)
    assert text is not None
    assert len(text.encode()) <= LARGEST_BYTES
    json.loads(text)


def test_a_cut_says_how_large_it_was_and_keeps_the_small_members():
    kept = json.loads(jsonb_text({"status": 400, "body": "ж" * 20_000}) or "")
    assert kept["status"] == 400
    assert kept["_cut"] == {"bytes": 40_000 + len('{"status": 400, "body": ""}')}
    assert kept["_beginning"].startswith('{"body": "жж')


def test_what_fits_is_left_alone():
    value = {"a": "ж" * 8_000, "b": [1, 2.5, None, True]}
    assert json.loads(jsonb_text(value) or "") == value


def test_numbers_that_jsonb_writes_out_in_full_become_texts():
    value = {"large": 1e300, "small": 1e-300, "none": math.nan, "whole": 10**5000}
    assert len(jsonb_text(value) or "") < 200


def test_what_contains_itself_ends_somewhere():
    value: list[object] = []
    value.append(value)
    assert jsonb_text(value)


def test_nul_and_half_characters_are_replaced():
    assert storable("a\x00b\ud83dc") == "a\ufffdb\ufffdc"
