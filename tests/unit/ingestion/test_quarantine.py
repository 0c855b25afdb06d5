"""On which day of a range a record that cannot be used is counted."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from synkro_assets.domain.business_day import BusinessDay, Window
from synkro_assets.domain.soundness import PoisonRecord
from synkro_assets.ingestion.quarantine import Quarantine

START = datetime(2026, 3, 3, tzinfo=UTC)
FIRST, SECOND = BusinessDay(date(2026, 3, 3)), BusinessDay(date(2026, 3, 4))
WINDOWS = {
    FIRST: Window(START, START + timedelta(days=1)),
    SECOND: Window(START + timedelta(days=1), START + timedelta(days=2)),
}


def shared(*records: PoisonRecord) -> dict[BusinessDay, list[Any]]:
    quarantine = Quarantine()
    for each in records:
        quarantine(each)
    return {
        day: [each.provider_id for each in found]
        for day, found in quarantine.by_day(WINDOWS).items()
    }


def poison(known_as: str | None, at: datetime | None = None, **record: Any) -> PoisonRecord:
    return PoisonRecord("leads", record, "it is odd", known_as, at)


def test_a_record_is_of_the_day_it_happened_on() -> None:
    second = poison("b", START + timedelta(hours=30))
    assert shared(poison("a", START), second) == {FIRST: ["a"], SECOND: ["b"]}


def test_a_record_whose_day_cannot_be_told_is_of_the_first() -> None:
    later = poison("later", START + timedelta(days=9))
    assert shared(poison("undated"), later) == {FIRST: ["undated", "later"], SECOND: []}


def test_what_ended_before_the_range_is_no_business_of_it() -> None:
    assert shared(poison("old", START - timedelta(seconds=1))) == {FIRST: [], SECOND: []}


def test_the_ids_of_an_entity_are_told_unless_one_has_none() -> None:
    quarantine = Quarantine()
    for each in ("7", "8"):
        quarantine(poison(each))
    assert quarantine.ids_of("contacts") == frozenset()
    assert quarantine.ids_of("leads") == {7, 8}
    quarantine(poison("not a number"))
    assert quarantine.ids_of("leads") is None


def test_a_record_that_came_twice_is_one() -> None:
    twice = [poison("a", name="x"), poison("a", name="y"), poison(None, x=1), poison(None, x=1)]
    assert shared(*twice) == {FIRST: ["a", None], SECOND: []}
