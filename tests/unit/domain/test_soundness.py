"""What makes a record unusable, and what is merely strange."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synkro_assets.domain.errors import IncompleteFetch
from synkro_assets.domain.soundness import (
    DEEPEST,
    LONGEST_TEXT_BYTES,
    TELLING_ROWS,
    Flaw,
    PoisonRecord,
    are_of_form,
    flaw_of,
    identifier,
    instant_of_seconds,
    key,
    optional_flag,
    optional_list,
    optional_text,
    require_sound_rows,
    text,
    unix_seconds,
)

FORM = {"id": identifier, "updated_at": unix_seconds}
NOON = int(datetime(2026, 3, 5, 12, tzinfo=UTC).timestamp())
SOUND = {"id": 2**40, "updated_at": NOON}

plain_text = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"))
plain_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | plain_text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(plain_text, inner, max_size=4),
    max_leaves=20,
)


ALL_CHECKS = {
    "id": identifier, "at": unix_seconds, "key": key, "text": text, "note": optional_text,
    "flag": optional_flag, "list": optional_list,
}  # fmt: skip
ODD_VALUES = st.sampled_from(
    [None, True, False, 0, 1, -1, 2**63 - 1, 2**63, NOON, 1.0, "", " ", "a", "a\0", [], [1], {}]
)
OF_FORM = st.fixed_dictionaries(
    {"id": st.just(1), "at": st.just(NOON), "key": st.just("k"), "text": st.just("t")}
)


@given(
    st.lists(
        OF_FORM
        | st.builds(dict, OF_FORM, **dict.fromkeys(ALL_CHECKS, ODD_VALUES))
        | st.dictionaries(st.sampled_from([*ALL_CHECKS]), ODD_VALUES)
        | st.none()
    )
)
def test_rows_are_of_form_together_when_each_of_them_is(rows: list[dict[str, object]]) -> None:
    each = [flaw_of(row, ALL_CHECKS, is_plain=True) is None for row in rows]
    assert are_of_form(rows, ALL_CHECKS) is all(each)


@pytest.mark.parametrize(
    "strange",
    ["🦄👩‍👩‍👧", "שלום \u202eabc", "a\u200bb\ufeff", "x" * 100_000, "\x01\x1f\x7f", "\uffff", ""],
)
def test_a_text_that_is_merely_strange_is_sound(strange: str) -> None:
    assert flaw_of({**SOUND, "name": strange, strange[:50]: 1}, FORM) is None


@given(st.dictionaries(plain_text.filter(lambda name: name not in FORM), plain_json, max_size=5))
def test_unknown_fields_of_any_kind_are_no_flaw(more: dict[str, object]) -> None:
    assert flaw_of({**more, **SOUND}, FORM) is None


@given(plain_json, st.sampled_from(["\0", "\ud800", "\udfff"]), plain_text, st.booleans())
def test_what_jsonb_refuses_is_found_at_any_depth(
    around: object, bad: str, beside: str, is_name: bool
) -> None:
    hidden = {beside + bad: 1} if is_name else {"text": beside + bad}
    flaw = flaw_of({**SOUND, "deep": [around, {"in": [hidden]}]}, FORM)
    assert flaw is not None
    assert not flaw.is_of_form
    assert "NUL byte" in flaw.reason or "half a character" in flaw.reason
    assert flaw.reason.isprintable()
    assert flaw.reason.isascii()


@given(plain_json | st.binary().map(lambda raw: raw.decode("utf-8", "surrogateescape")))
def test_any_value_in_place_of_a_record_gets_an_answer(value: object) -> None:
    assert isinstance(value, dict) or flaw_of(value, FORM) is not None
    assert PoisonRecord("leads", value, "").as_text().isascii()


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("id", None, "id is missing or null"),
        ("id", True, "id is no whole number"),
        ("id", 1.0, "id is no whole number"),
        ("id", "7", "id is no whole number"),
        ("id", 0, "id is out of range"),
        ("id", -1, "id is out of range"),
        ("id", 2**63, "id is out of range"),
        ("updated_at", None, "updated_at is missing or null"),
        ("updated_at", "2026-03-05", "updated_at is no whole number of seconds"),
        ("updated_at", 0, "updated_at is an absurd date"),
        ("updated_at", NOON * 1000, "updated_at is an absurd date"),
        ("updated_at", 10**30, "updated_at is an absurd date"),
    ],
)
def test_a_field_that_is_read_by_must_be_what_it_should(
    field: str, value: object, reason: str
) -> None:
    assert flaw_of({**SOUND, field: value}, FORM) == Flaw(reason, is_of_form=True)


def test_the_largest_id_and_the_ends_of_the_century_are_sound() -> None:
    assert identifier(2**63 - 1) is None
    for year, is_sane in ((1999, False), (2000, True), (2100, True), (2101, False)):
        seconds = int(datetime(year, 6, 1, tzinfo=UTC).timestamp())
        assert (instant_of_seconds(seconds) is not None) is is_sane


def test_a_text_is_measured_in_bytes() -> None:
    most = "ж" * (LONGEST_TEXT_BYTES // 2)
    assert flaw_of({**SOUND, "text": most}, FORM) is None
    flaw = flaw_of({**SOUND, "text": most + "ж"}, FORM)
    assert flaw == Flaw("text is longer than 512 KiB", is_of_form=False)


def test_nesting_has_a_bound_that_is_far_away() -> None:
    for depth, is_sound in ((DEEPEST // 2, True), (DEEPEST + 1, False), (100_000, False)):
        value: object = 1
        for _ in range(depth):
            value = [value]
        assert (flaw_of({**SOUND, "deep": value}, FORM) is None) is is_sound


def test_a_field_that_is_judged_apart_is_not_looked_into() -> None:
    record = {**SOUND, "chats": [{"name": "\0"}]}
    assert flaw_of(record, FORM) is not None
    assert flaw_of(record, FORM, apart="chats") is None


def test_optional_fields_may_be_null_and_keys_must_fit_an_index() -> None:
    for check in (optional_text, optional_flag, optional_list):
        assert check(None) is None
        assert check(7) is not None
    assert key("e1") is None
    assert key(7) is None
    for bad in ("", " ", "a\0", "x" * 300, None, True, {}):
        assert key(bad) is not None
    for bad in ("", None, 5):
        assert text(bad) is not None


def test_many_rows_none_of_which_can_be_read_are_a_changed_provider() -> None:
    of_form, of_content = Flaw("id is missing", is_of_form=True), Flaw("NUL", is_of_form=False)
    with pytest.raises(IncompleteFetch, match="10 leads none of which can be read"):
        require_sound_rows("amoCRM", "leads", [of_form] * TELLING_ROWS)
    require_sound_rows("amoCRM", "leads", [of_form] * (TELLING_ROWS - 1))
    require_sound_rows("amoCRM", "leads", [*[of_form] * TELLING_ROWS, None])
    require_sound_rows("amoCRM", "leads", [of_content] * 1000)


def test_a_poison_record_is_written_in_ascii_that_reads_back() -> None:
    record = {"name": "a\0\ud83dж"}
    written = PoisonRecord("leads", record, "").as_text()
    assert written.isascii()
    assert json.loads(written) == record
