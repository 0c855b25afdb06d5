"""What was packed comes out as it went in, as often as it is asked for, and takes less room."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from synkro_assets.ingestion.packing import Late, Packed, PackedById

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


def test_many_records_come_out_in_their_order_whichever_way_they_went_in() -> None:
    many = [{"id": number} for number in range(150)]
    grown = Packed()
    for record in many[:70]:
        grown.append(record)
    assert list(grown) == many[:70]
    for record in many[70:]:
        grown.append(record)

    assert (list(Packed(iter(many))), list(grown), len(grown)) == (many, many, 150)


def test_packed_by_id_are_what_a_dictionary_would_be() -> None:
    packed, plain = PackedById(), dict[int, dict[str, Any]]()
    for number in range(300):
        record_id, record = number * 7 % 100, {"seen": number}
        packed[record_id], plain[record_id] = record, record

    assert dict(packed.items()) == plain
    assert sorted(each["seen"] for each in packed.values()) == list(range(200, 300))
    assert (len(packed), len(packed.values()), set(packed)) == (100, 100, set(plain))
    assert packed.keys() == plain.keys()
    assert 7 in packed
    assert 100 not in packed
