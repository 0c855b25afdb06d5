"""What was packed comes out as it went in, as often as it is asked for, and takes less room."""

from __future__ import annotations

from collections.abc import Iterator

from synkro_assets.ingestion.packing import Late, Packed

SAID = [
    {"message_id": "m1", "text": {"text": 'Здравствуйте 👋 "quoted" \\ and\nmore'}, "sender": None},
    {"message_id": 2**70, "size": 0.1, "is_read": True, "reactions": [], "\t": {"": []}},
]


def test_packed_records_come_out_as_they_went_in_at_each_walk() -> None:
    packed = Packed(SAID)

    assert list(packed) == SAID
    assert list(packed) == SAID, "a walk must not use them up"
    assert len(packed) == 2


def test_nothing_packed_is_nothing() -> None:
    assert (list(Packed([])), len(Packed([]))) == ([], 0)


def test_a_change_to_what_came_out_changes_nothing_that_is_kept() -> None:
    packed = Packed(SAID)
    for record in packed:
        record.clear()

    assert list(packed) == SAID


def test_late_rows_are_counted_without_being_made_and_made_at_each_walk() -> None:
    walks: list[str] = []

    def make() -> Iterator[tuple[int]]:
        walks.append("made")
        return iter([(1,), (2,)])

    rows = Late(2, make)

    assert len(rows) == 2
    assert walks == []
    assert [*rows, *rows] == [(1,), (2,), (1,), (2,)]
