"""A page is plain only when looking through its records would find nothing in any of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from synkro_assets.domain.soundness import DEEPEST, LONGEST_TEXT_BYTES, flaw_of
from synkro_assets.providers.plain_json import PlainObject, PlainRows, marked, rows_of

TEXTS = st.text(st.sampled_from('ab"\\[]{}\0/u0Ж🦄\n'), max_size=12)
RECORDS = st.dictionaries(
    TEXTS,
    st.recursive(
        TEXTS | st.integers() | st.none(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
        max_leaves=12,
    ),
    max_size=4,
)


def read(value: Any, *, ascii_only: bool = False) -> Any:
    """The value as it is after it has come as an answer."""
    body = json.dumps(value, ensure_ascii=ascii_only).encode()
    return marked(json.loads(body), body)


def nested(depth: int, *, in_lists: bool = False) -> dict[str, Any]:
    """A record in which objects or lists are nested so deep."""
    inner: Any = 1
    for _ in range(depth - 1):
        inner = [inner] if in_lists else {"in": inner}
    return {"deep": inner}


@given(st.lists(RECORDS, max_size=4), st.booleans())
@example([nested(DEEPEST + 1)], False)
@example([nested(DEEPEST + 1, in_lists=True)], False)
def test_no_record_of_a_plain_page_has_a_flaw_of_content(
    records: list[dict[str, Any]], ascii_only: bool
) -> None:
    page = read(records, ascii_only=ascii_only)
    if isinstance(page, PlainRows):
        assert [flaw_of(record, {}) for record in page] == [None] * len(records)


@given(st.integers(1, 80), st.lists(TEXTS, min_size=1, max_size=3), st.booleans())
@example(DEEPEST, [""], False)
@example(DEEPEST + 1, [""], False)
def test_nothing_in_a_text_hides_how_deep_a_record_is(
    depth: int, texts: list[str], in_lists: bool
) -> None:
    page = read([{"text": texts}, nested(depth, in_lists=in_lists), {"text": texts}])
    if isinstance(page, PlainRows):
        assert depth <= DEEPEST


@pytest.mark.parametrize(
    "text",
    ["", 'ООО "Ромашка"', "C:\\temp\\", '\\"', "\\\\u0000 \\u00", "👩‍👩‍👧", "a\nb\t", "'()<>'"],
)
def test_ordinary_texts_leave_a_page_plain(text: str) -> None:
    rows = [{"id": 1, "name": text, text: [{"value": text}, {}, []]}] * 3
    answer = read({"_embedded": {"leads": rows}})
    assert isinstance(answer, PlainObject)
    assert isinstance(rows_of(answer, answer["_embedded"]["leads"]), PlainRows)
    assert answer == {"_embedded": {"leads": rows}}


@pytest.mark.parametrize(
    "suspicious",
    ["\0", "[", '"}', "x" * (LONGEST_TEXT_BYTES + 1), nested(DEEPEST + 1), [nested(DEEPEST)]],
    ids=["NUL", "a bracket", "a brace", "a long text", "deep", "deep in a list"],
)
def test_a_page_that_may_hold_a_flaw_is_not_plain(suspicious: Any) -> None:
    answer = read({"rows": [{"value": suspicious}]}, ascii_only=True)
    assert type(answer) is dict
    assert type(rows_of(answer, answer["rows"])) is list


def test_what_is_neither_an_object_nor_a_list_stays_as_it_is() -> None:
    assert marked("text", b'"text"') == "text"
    assert marked(None, b"null") is None
