"""Looking up whose phone it is: only what is proved counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from synkro_assets.domain.errors import IncompleteFetch, ProviderUnavailable
from synkro_assets.domain.soundness import PoisonRecord
from synkro_assets.ingestion.phone_lookups import Lookups, look_up
from synkro_assets.ingestion.phones import search_text

ANNA, BORIS, CLARA = "+79123456789", "+79123450000", "+79123451111"


def contact(number: int, *phones: str, leads: tuple[int, ...] = ()) -> dict[str, Any]:
    return {
        "id": number,
        "updated_at": 1_770_000_000,
        "name": "+7 912 345-00-00",
        "custom_fields_values": [
            {"field_code": "PHONE", "values": [{"value": each} for each in phones]}
        ],
        "_embedded": {"leads": [{"id": each} for each in leads]},
    }


class Crm:
    """A CRM whose search finds everybody; ``refusals`` are raised by what is asked."""

    def __init__(self, *contacts: dict[str, Any], **refusals: Exception) -> None:
        self.contacts, self.refusals = contacts, refusals
        self.asked: list[str] = []
        self.poison: list[PoisonRecord] = []

    def contacts_matching(self, query: str) -> Iterator[dict[str, Any]]:
        self.asked.append(query)
        if problem := self.refusals.get(f"search_{len(self.asked)}"):
            raise problem
        yield from self.contacts

    def contacts_by_id(self, ids: Iterable[int]) -> list[dict[str, Any]]:
        wanted = set(ids)
        return [each for each in self.contacts if each["id"] in wanted]

    def leads_by_id(self, ids: Iterable[int]) -> list[dict[str, Any]]:
        if problem := self.refusals.get("leads"):
            raise problem
        return [{"id": each} for each in ids]

    def look_up(self, *phones: str) -> Lookups:
        return look_up(self, phones, "RU", self.poison)


@pytest.mark.parametrize(
    "written",
    [
        "8 (912) 345-67-89", "+7 912 3456789", "79123456789", "9123456789",
        "+7 495 123-45-67, 8-912-345-67-89", "8 912 345 67 89 доб. 12",
    ],
)  # fmt: skip
def test_a_contact_is_found_however_its_phone_is_written(written: str) -> None:
    found = Crm(contact(1, written, leads=(10,)), contact(2, "+79999999999")).look_up(ANNA)
    assert found.owners == {ANNA: (1,)}
    assert [each["id"] for each in found.contacts] == [1]
    assert found.leads == [{"id": 10}]


def test_what_the_search_finds_by_name_or_by_part_of_a_number_is_nobody() -> None:
    crm = Crm(contact(1, "+7 495 123-45-67"), contact(2, "99123450000123"))
    assert crm.look_up(BORIS).owners == {BORIS: ()}


def test_a_phone_of_several_contacts_is_of_all_of_them() -> None:
    crm = Crm(contact(1, ANNA, leads=(10, 11)), contact(2, ANNA, leads=(11,)))
    found = crm.look_up(ANNA)
    assert found.owners == {ANNA: (1, 2)}
    assert [each["id"] for each in found.leads] == [10, 11]


def test_a_search_that_does_not_end_proves_nothing() -> None:
    crowd = [contact(number, "+79990000000") for number in range(300)]
    assert Crm(*crowd).look_up(ANNA).owners == {}
    assert Crm(contact(999, ANNA), *crowd).look_up(ANNA).owners == {ANNA: (999,)}


def test_a_record_set_aside_may_have_been_the_one() -> None:
    class Poisoned(Crm):
        def contacts_matching(self, query: str) -> Iterator[dict[str, Any]]:
            self.poison.append(PoisonRecord("contacts", {}, "odd"))
            yield from super().contacts_matching(query)

    assert Poisoned().look_up(ANNA).owners == {}


def test_a_crm_that_is_away_leaves_the_rest_open_and_is_not_asked_again() -> None:
    away = ProviderUnavailable("amoCRM", "away")
    crm = Crm(contact(1, BORIS), search_2=away)
    found = crm.look_up(ANNA, BORIS, CLARA)
    assert found.owners == {ANNA: ()}
    assert found.problem is away
    assert len(crm.asked) == 2


def test_one_answer_that_cannot_be_read_costs_no_other_phone() -> None:
    crm = Crm(search_1=IncompleteFetch("odd"))
    found = crm.look_up(ANNA, BORIS)
    assert found.owners == {BORIS: ()}
    assert found.problem is not None


def test_a_contact_whose_leads_cannot_be_read_stays_open() -> None:
    crm = Crm(contact(1, ANNA, leads=(10,)), leads=ProviderUnavailable("amoCRM", "away"))
    found = crm.look_up(ANNA, BORIS)
    assert found.owners == {BORIS: ()}
    assert (found.contacts, found.leads) == ([], [])


@pytest.mark.parametrize(
    ("phone", "searched"),
    [(ANNA, "9123456789"), ("+12125550123", "2125550123"), ("+390612345678", "0612345678")],
)
def test_the_search_is_for_the_digits_that_every_way_of_writing_has(
    phone: str, searched: str
) -> None:
    assert search_text(phone) == searched
