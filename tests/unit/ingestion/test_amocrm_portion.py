"""How much of a day's leads one run reads, and where the next goes on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from synkro_assets.domain.business_day import Window
from synkro_assets.ingestion.amocrm_portion import Limits, Place, Portion

START = datetime(2026, 3, 3, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(days=1))


def lead(lead_id: int, second: int = 0, contacts: Iterable[int] = ()) -> dict[str, Any]:
    links = [{"id": each} for each in contacts]
    changed_at = int(START.timestamp()) + second
    return {"id": lead_id, "updated_at": changed_at, "_embedded": {"contacts": links}}


@dataclass
class Company:
    """Leads as amoCRM lists them; ``served`` counts what was taken out of a list."""

    updated: list[dict[str, Any]] = field(default_factory=list)
    trash: list[dict[str, Any]] = field(default_factory=list)
    others: list[dict[str, Any]] = field(default_factory=list)
    served: int = 0

    def leads_updated(self, start: datetime, end: datetime) -> Iterator[dict[str, Any]]:
        return self._listed(self.updated, start)

    def deleted_leads(self, start: datetime, end: datetime) -> Iterator[dict[str, Any]]:
        return self._listed(self.trash, start)

    def leads_by_id(self, ids: Iterable[int]) -> Iterator[dict[str, Any]]:
        wanted = set(ids)
        self.served += len(wanted)
        return (each for each in self.others if each["id"] in wanted)

    def _listed(self, rows: list[dict[str, Any]], start: datetime) -> Iterator[dict[str, Any]]:
        for each in rows:
            if each["updated_at"] >= start.timestamp():
                self.served += 1
                yield each


def portions(
    company: Company, limits: Limits, named: Iterable[int] = (), most: int = 50
) -> list[Portion]:
    """What each run reads until one meets no limit."""
    found: list[Portion] = []
    while not found or found[-1].met:
        assert len(found) < most, "the runs come to an end"
        before = Place.stored(found[-1].place.to_store()) if found else Place()
        portion = Portion(limits, before)
        portion.read_changed(company, WINDOW)
        portion.read_named(company, set(named))
        found.append(portion)
    return found


def test_a_day_within_the_limits_is_read_at_once() -> None:
    company = Company([lead(1, contacts=[7, 8]), lead(2)], [lead(3)], [lead(4)])

    (only,) = portions(company, Limits(4, 2), {1, 3, 4})

    assert (sorted(only.leads), sorted(only.deleted)) == ([1, 2, 4], [3])
    assert only.contacts == {7, 8}
    assert only.left is None


@pytest.mark.parametrize("limit", range(1, 9))
def test_every_run_takes_its_share_of_all_three_lists(limit: int) -> None:
    # Leads 2 to 4 share a second, so that a limit may end a run inside it.
    company = Company(
        [lead(1), lead(2, 5), lead(3, 5), lead(4, 5), lead(5, 9)],
        [lead(6), lead(7)],
        [lead(8), lead(9)],
    )

    read = portions(company, Limits(leads=limit), {1, 6, 8, 9, 10})

    taken = [sorted([*each.leads, *each.deleted]) for each in read]
    assert sorted(lead_id for each in taken for lead_id in each) == list(range(1, 10))
    assert all(len(each) <= limit for each in taken)


def test_how_many_are_left_is_said_once_only_named_leads_are() -> None:
    company = Company([lead(1), lead(2)], others=[lead(each) for each in range(3, 9)])

    left = [each.left for each in portions(company, Limits(leads=2), range(1, 9))]

    assert left == [6, 4, 2, None]
    assert portions(company, Limits(leads=1), range(1, 9))[0].left is None


def test_a_lead_with_more_contacts_than_a_run_may_read_is_taken_when_all_are_read() -> None:
    company = Company([lead(1, contacts=range(10, 15)), lead(2, contacts=[10, 20])])

    first, second, third = portions(company, Limits(contacts=2))

    assert [sorted(each.contacts) for each in (first, second)] == [[10, 11], [12, 13]]
    assert sorted(third.leads) == [1, 2]


def test_a_list_in_another_order_than_asked_is_read_from_its_beginning_again() -> None:
    company = Company([lead(1, 50), lead(2, 10), lead(3, 70), lead(4, 20)])

    read = portions(company, Limits(leads=2))

    assert sorted(each for portion in read for each in portion.leads) == [1, 2, 3, 4]


def test_a_named_lead_that_is_nowhere_is_not_asked_for_for_ever() -> None:
    read = portions(Company(others=[lead(5)]), Limits(leads=1), {3, 4, 5})

    assert [sorted(each.leads) for each in read] == [[], [], [5]]
    assert read[-1].place.gone == {3, 4}


def test_a_run_goes_on_without_reading_the_beginning_again() -> None:
    company = Company([lead(each, each) for each in range(1, 101)])

    assert len(portions(company, Limits(leads=10))) == 10

    # Beside what it takes, a run sees the last lead of the one before and the first of the next.
    assert company.served <= 100 + 2 * 10
