"""Rows for a tenant's project travel in batches that a request may carry."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_core import to_json

from synkro_assets.delivery.export_tables import (
    OLDER_REPORTS,
    TABLES,
    ExportTable,
    batches,
    by_last_column,
    pieces,
)

TABLE = ExportTable(
    "messages", ("tenant_id", "business_day", "chat", "id"),
    ("tenant_id", "business_day", "chat", "id", "text"),
)  # fmt: skip
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "tenant_id": st.just("t"),
            "business_day": st.just("2026-03-05"),
            "chat": st.integers(1, 3),
            "id": st.integers(1, 5).map(str),
            "text": st.none() | st.text(max_size=40),
            "no column there": st.just(1),
        }
    ),
    max_size=60,
)


@settings(deadline=None)
@given(ROWS, st.integers(1, 7), st.integers(100, 600))
def test_batches_lose_nothing_and_repeat_no_key(rows, most_rows, most_bytes):
    made = list(batches(TABLE, rows, most_rows, most_bytes))
    for batch in made:
        keys = [TABLE.key_in_scope(row) for row in batch]
        assert 0 < len(batch) <= most_rows
        assert len(set(keys)) == len(keys)
        assert {tuple(row) for row in batch} == {TABLE.columns}
        assert len(batch) == 1 or sum(len(to_json(row)) + 1 for row in batch) <= most_bytes
    # Upserts one after the other leave the last row of each key.
    wanted = {TABLE.key_in_scope(row): row["text"] for row in rows}
    assert {TABLE.key_in_scope(row): row["text"] for batch in made for row in batch} == wanted


@given(st.lists(st.text(min_size=1), max_size=350))
def test_pieces_keep_order_and_fit_an_address(ids):
    made = list(pieces(ids))
    assert [each for piece in made for each in piece] == ids
    assert all(0 < len(piece) <= 100 for piece in made)


@given(st.sets(st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"))))
def test_grouped_keys_are_the_same_keys(keys):
    grouped = by_last_column(keys)
    assert {(*first, last) for first, lasts in grouped.items() for last in lasts} == keys


def test_ids_are_compared_as_text():
    assert TABLE.key_in_scope({"chat": 7, "id": "x"}) == TABLE.key_in_scope(
        {"chat": "7", "id": "x"}
    )


def test_every_table_is_keyed_by_tenant_and_found_by_what_is_left():
    for table in (*TABLES, OLDER_REPORTS):
        assert table.key[0] == table.columns[0] == "tenant_id"
        assert set(table.key) <= set(table.columns)
        assert table.scoped_key
