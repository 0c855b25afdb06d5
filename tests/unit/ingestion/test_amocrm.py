"""Which answers of amoCRM make a day, and how they become raw rows."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from synkro_assets.domain.business_day import Window
from synkro_assets.domain.errors import ProviderUnavailable
from synkro_assets.ingestion.amocrm import (
    EVENT_TYPES,
    AmoCrmDay,
    fetch_day,
    list_rows,
    raw_rows,
)
from synkro_assets.ingestion.amocrm_references import HeldReferences
from synkro_assets.ingestion.amocrm_rows import Early
from synkro_assets.ingestion.packing import OUTLINED

WINDOW = Window(datetime(2026, 3, 2, 19, 1, tzinfo=UTC), datetime(2026, 3, 3, 19, 1, tzinfo=UTC))
NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
SECONDS = int(NOON.timestamp())


def lead(lead_id: int, *contacts: int, **more: Any) -> dict[str, Any]:
    links = [{"id": each, "is_main": place == 0} for place, each in enumerate(contacts)]
    return {"id": lead_id, "updated_at": SECONDS, "_embedded": {"contacts": links}, **more}


def event(lead_id: int, kind: str = "lead_added") -> dict[str, Any]:
    return {
        "id": f"e{lead_id}", "type": kind, "entity_type": "lead", "entity_id": lead_id,
        "created_at": SECONDS,
    }  # fmt: skip


def contact(contact_id: int, *phones: Any) -> dict[str, Any]:
    values = [{"value": phone} for phone in phones]
    fields = [
        {"field_code": "EMAIL", "values": [{"value": "89990000000"}]},
        {"field_code": "PHONE", "values": values},
    ]
    return {"id": contact_id, "updated_at": SECONDS, "custom_fields_values": fields}


@dataclass
class FakeAmoCrm:
    happened: list[dict[str, Any]] = field(default_factory=list)
    updated: list[dict[str, Any]] = field(default_factory=list)
    others: list[dict[str, Any]] = field(default_factory=list)
    trash: list[dict[str, Any]] = field(default_factory=list)
    people: list[dict[str, Any]] = field(default_factory=list)
    questions: dict[str, Any] = field(default_factory=dict)
    asked: int = 0

    def account(self) -> dict[str, Any]:
        return {"id": 5, "currency": "RUB"}

    def users(self) -> list[dict[str, Any]]:
        return [{"id": 1, "name": "Anna"}]

    def pipelines(self) -> list[dict[str, Any]]:
        return [{"id": 7}]

    def loss_reasons(self) -> list[dict[str, Any]]:
        return [{"id": 9}]

    def events(self, start: datetime, end: datetime, types: tuple[str, ...]) -> Any:
        self.questions["events"] = (start, end, types)
        return iter(self.happened)

    def leads_updated(self, start: datetime, end: datetime) -> Any:
        self.questions["updated"] = (start, end)
        return iter(self.updated)

    def leads_by_id(self, ids: Iterable[int]) -> Any:
        self.questions["leads"] = list(ids)
        return (each for each in self.others if each["id"] in self.questions["leads"])

    def deleted_leads(self, start: datetime, end: datetime) -> Any:
        self.questions["deleted"] = (start, end)
        return iter(self.trash)

    def contacts_by_id(self, ids: Iterable[int], more: Callable[[], Iterable[int]]) -> Any:
        self.questions["contacts"] = sorted([*ids, *more()])
        return (each for each in self.people if each["id"] in self.questions["contacts"])


def rows_of(client: FakeAmoCrm) -> dict[str, list[tuple[Any, ...]]]:
    return raw_rows(fetch_day(client, WINDOW), "RU")


def test_rows_handed_over_early_and_those_of_the_end_are_the_rows_of_the_day() -> None:
    client = FakeAmoCrm(
        happened=[event(1), event(9)],
        updated=[lead(1, 5), lead(2, 5, 6)],
        others=[lead(9, 7)],
        trash=[lead(3)],
        people=[contact(5, "+79161112233"), contact(6), contact(7)],
    )
    early: dict[str, list[tuple[Any, ...]]] = defaultdict(list)

    def put(make: Callable[[], Mapping[str, Sequence[tuple[Any, ...]]]]) -> None:
        for table, rows in make().items():
            early[table] += rows

    handed_over = fetch_day(client, WINDOW, holding=OUTLINED, early=Early(put, "RU"))
    whole = rows_of(client)

    assert {**early, **list_rows(handed_over)} == whole
    assert all(whole.values())


def test_every_question_is_about_the_window() -> None:
    client = FakeAmoCrm()

    fetch_day(client, WINDOW)

    edges = (WINDOW.start, WINDOW.end)
    assert client.questions["events"] == (*edges, EVENT_TYPES)
    assert client.questions["updated"] == client.questions["deleted"] == edges


def test_a_lead_that_an_event_names_but_the_window_lost_is_read_by_id() -> None:
    client = FakeAmoCrm([event(1), event(2)], [lead(1)], [lead(1), lead(2)])

    day = fetch_day(client, WINDOW)

    assert client.questions["leads"] == [2]
    assert [each["id"] for each in day.leads] == [1, 2]


def test_a_deleted_lead_is_a_tombstone_and_not_asked_for_again() -> None:
    client = FakeAmoCrm([event(3, "lead_deleted")], trash=[{"id": 3, "updated_at": SECONDS}])

    rows = rows_of(client)

    assert client.questions["leads"] == []
    assert [row[:3] for row in rows["amocrm_leads"]] == [(3, NOON, True)]


def test_a_lead_read_by_id_keeps_its_own_mark_of_deletion() -> None:
    client = FakeAmoCrm([event(2)], others=[lead(2, is_deleted=True)])

    assert rows_of(client)["amocrm_leads"][0][:3] == (2, NOON, True)


def test_the_contacts_of_all_leads_are_read_once_each() -> None:
    client = FakeAmoCrm([event(2)], [lead(1, 10, 11)], [lead(2, 11, 12)], people=[contact(11)])

    rows = rows_of(client)

    assert client.questions["contacts"] == [10, 11, 12]
    links = [row[:3] for row in rows["amocrm_lead_contacts"]]
    assert links == [(1, 10, True), (1, 11, False), (2, 11, True), (2, 12, False)]


@pytest.mark.parametrize("embedded", [None, {}, {"contacts": None}])
def test_a_lead_without_contacts_is_still_a_lead(embedded: Any) -> None:
    client = FakeAmoCrm(updated=[{"id": 1, "updated_at": SECONDS, "_embedded": embedded}])

    rows = rows_of(client)

    assert rows["amocrm_lead_contacts"] == []
    assert len(rows["amocrm_leads"]) == 1


def phones_of(person: dict[str, Any]) -> list[str]:
    client = FakeAmoCrm(updated=[lead(1, 10)], people=[person])
    row: tuple[Any, ...] = rows_of(client)["amocrm_contacts"][0]
    assert row[:2] == (10, NOON)
    assert row[3] == person
    return list(row[2])


def test_a_contacts_phones_are_in_e164_each_once() -> None:
    person = contact(10, "8 (912) 345-67-89", "+79123456789", None, 84951234567, "none")

    assert phones_of(person) == ["+79123456789", "+74951234567"]


@pytest.mark.parametrize("fields", [None, [], [{"field_code": "PHONE", "values": None}]])
def test_null_custom_fields_are_no_phones(fields: Any) -> None:
    assert phones_of({"id": 10, "updated_at": SECONDS, "custom_fields_values": fields}) == []


def test_an_event_row_says_what_happened_to_whom_and_when() -> None:
    happened = event(4, "lead_status_changed")

    rows = rows_of(FakeAmoCrm([happened], others=[lead(4)]))

    expected = ("e4", "lead_status_changed", "lead", 4, NOON, happened)
    assert rows["amocrm_events"] == [expected]


def test_the_small_lists_are_kept_by_id() -> None:
    rows = rows_of(FakeAmoCrm())

    assert rows["amocrm_accounts"][0][0] == 5
    assert rows["amocrm_users"] == [(1, {"id": 1, "name": "Anna"})]
    assert (rows["amocrm_pipelines"][0][0], rows["amocrm_loss_reasons"][0][0]) == (7, 9)


def test_trouble_half_way_gives_no_half_day() -> None:
    class Breaking(FakeAmoCrm):
        def contacts_by_id(self, ids: Iterable[int], more: Callable[[], Iterable[int]]) -> Any:
            raise ProviderUnavailable("amocrm", "cut")

    day: AmoCrmDay | None = None
    with pytest.raises(ProviderUnavailable):
        day = fetch_day(Breaking(updated=[lead(1, 10)]), WINDOW)
    assert day is None


def test_events_that_cannot_be_read_give_no_day_of_leads_alone() -> None:
    class Breaking(FakeAmoCrm):
        def events(self, start: datetime, end: datetime, types: tuple[str, ...]) -> Any:
            yield from super().events(start, end, types)
            raise ProviderUnavailable("amocrm", "cut")

    day: AmoCrmDay | None = None
    with pytest.raises(ProviderUnavailable):
        day = fetch_day(Breaking(updated=[lead(1, 10)]), WINDOW)
    assert day is None


def test_events_and_leads_are_read_side_by_side() -> None:
    met = threading.Barrier(2, timeout=10)

    class Slow(FakeAmoCrm):
        def events(self, start: datetime, end: datetime, types: tuple[str, ...]) -> Any:
            met.wait()
            return super().events(start, end, types)

        def leads_updated(self, start: datetime, end: datetime) -> Any:
            met.wait()
            return super().leads_updated(start, end)

    assert len(fetch_day(Slow(updated=[lead(1, 10)]), WINDOW).leads) == 1


def test_contacts_are_asked_for_while_the_events_are_still_read() -> None:
    is_asked = threading.Event()

    class Slow(FakeAmoCrm):
        def events(self, start: datetime, end: datetime, types: tuple[str, ...]) -> Any:
            assert is_asked.wait(10)
            return super().events(start, end, types)

        def contacts_by_id(
            self, ids: Iterable[int], more: Callable[[], Iterable[int]]
        ) -> Iterator[dict[str, Any]]:
            assert set(ids) == {10, 11}
            is_asked.set()
            assert set(more()) == {12}
            yield from map(contact, (10, 11, 12))

    client = Slow([event(2)], [lead(1, 10, 11)], [lead(2, 11, 12)])

    assert [each["id"] for each in fetch_day(client, WINDOW).contacts] == [10, 11, 12]


def test_lists_are_read_when_everybody_who_is_named_is_known() -> None:
    asked: list[str] = []

    class Told(FakeAmoCrm):
        def account(self) -> dict[str, Any]:
            asked.append("account")
            return super().account()

        def contacts_by_id(self, ids: Iterable[int], more: Callable[[], Iterable[int]]) -> Any:
            asked.append("contacts")
            return super().contacts_by_id(ids, more)

    fetch_day(Told(updated=[lead(1, 10)]), WINDOW)

    assert asked == ["contacts", "account"]


def test_lists_that_cannot_be_read_give_no_day_without_them() -> None:
    class Breaking(FakeAmoCrm):
        def pipelines(self) -> list[dict[str, Any]]:
            raise ProviderUnavailable("amocrm", "cut")

    for held in (None, HeldReferences(frozenset(), frozenset(), frozenset())):
        day: AmoCrmDay | None = None
        with pytest.raises(ProviderUnavailable):
            day = fetch_day(Breaking(updated=[lead(1, 10)]), WINDOW, held=held)
        assert day is None


KNOWN = HeldReferences(frozenset({1}), frozenset({(7, 20)}), frozenset())
OF_ANNA = {"responsible_user_id": 1, "pipeline_id": 7, "status_id": 20}


def test_a_small_day_reads_the_lists_although_the_stored_ones_know_it_all() -> None:
    day = fetch_day(FakeAmoCrm(updated=[lead(1, **OF_ANNA)], asked=16), WINDOW, held=KNOWN)

    assert (day.users, day.pipelines) == ([{"id": 1, "name": "Anna"}], [{"id": 7}])


def test_a_busy_day_makes_do_with_stored_lists_that_know_it_all() -> None:
    day = fetch_day(FakeAmoCrm(updated=[lead(1, **OF_ANNA)], asked=17), WINDOW, held=KNOWN)

    assert (day.account, day.users, day.pipelines, day.loss_reasons) == (None, [], [], [])


@pytest.mark.parametrize(
    ("stranger", "held"), [(OF_ANNA | {"status_id": 21}, KNOWN), (OF_ANNA, None)]
)
def test_a_busy_day_of_strangers_or_without_stored_lists_reads_them(
    stranger: dict[str, Any], held: HeldReferences | None
) -> None:
    busy = FakeAmoCrm(updated=[lead(1, **OF_ANNA)], trash=[lead(2, **stranger)], asked=90)

    assert fetch_day(busy, WINDOW, held=held).users == [{"id": 1, "name": "Anna"}]
