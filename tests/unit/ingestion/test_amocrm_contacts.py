"""Which contacts are asked for and which of them are taken to be gone."""

from __future__ import annotations

from collections.abc import Iterable

from synkro_assets.ingestion.amocrm import AmoCrmDay, raw_rows
from synkro_assets.ingestion.amocrm_contacts import contacts_to_ask, sightings
from synkro_assets.ingestion.amocrm_portion import Limits, Place, Portion

SOUND = {"id": 7, "updated_at": 1772500000, "is_deleted": False}


def test_contacts_a_lead_was_linked_to_are_asked_for_too() -> None:
    def linked_before(leads: Iterable[int]) -> dict[int, set[int]]:
        return {lead: {8} for lead in leads if lead == 1}

    portion = Portion(Limits(contacts=2), linked={1: (7,), 2: (7,)}, contacts={7})

    assert contacts_to_ask(portion, linked_before) == {1: {7, 8}, 2: {7}}
    assert (portion.contacts, portion.met) == ({7, 8}, None)


def test_former_contacts_for_whom_there_is_no_room_are_asked_for_by_the_runs_that_follow() -> None:
    full = Portion(Limits(contacts=2), leads={1: {}}, linked={1: (7,)}, contacts={7})

    assert contacts_to_ask(full, lambda _: {1: {8, 9, 10, 11}}) == {1: {7, 8}}
    assert (full.met, full.left) == ("max_amo_contacts", 0)

    asked = [full.contacts]
    while (portion := full).met:
        before = Place.stored(portion.place.to_store())
        assert before.leads == {1}
        full = Portion(Limits(contacts=2), before)
        assert contacts_to_ask(full, lambda _: {}) == {}
        asked.append(full.contacts)
    assert asked == [{7, 8}, {9, 10}, {11}]


def test_a_place_that_was_stored_before_contacts_were_owed_owes_none() -> None:
    stored = Place(leads=frozenset({1})).to_store()
    del stored["owed"]
    assert Place.stored(stored) == Place(leads=frozenset({1}))


def test_a_contact_read_ahead_of_its_lead_and_not_shown_is_gone() -> None:
    portion = Portion(Limits(contacts=2), contacts={7, 8})
    day = AmoCrmDay(None, [], [], [], [], [], [], [SOUND], portion, {})

    rows = raw_rows(day, "RU")["amocrm_contact_sightings"]

    assert rows == [(7, False, {}), (8, True, {})]


def test_contacts_that_an_earlier_run_read_are_not_asked_for_again() -> None:
    before = Place(contacts=frozenset({8, 9}))
    portion = Portion(before=before, linked={1: (7, 8)}, contacts={7})

    assert contacts_to_ask(portion, lambda _: {1: {9}}) == {1: {7}}


def test_who_is_not_shown_is_gone_and_who_is_shown_as_deleted_too() -> None:
    found = [{"id": 7, "is_deleted": False}, {"id": 9, "is_deleted": True}]

    assert sightings({7, 8, 9}, found, frozenset()) == [(7, False), (8, True), (9, True)]


def test_a_contact_that_was_set_aside_is_not_gone() -> None:
    assert sightings({7, 8}, [{"id": 7}], {8}) == [(7, False)]


def test_nobody_is_gone_when_one_that_was_set_aside_may_be_anybody() -> None:
    assert sightings({7, 8}, [{"id": 7}], None) == [(7, False)]


def test_many_that_vanish_at_once_are_not_taken_to_be_deleted() -> None:
    asked = set(range(1, 21))

    assert sightings(asked, [{"id": each} for each in range(1, 10)], frozenset()) == [
        (each, False) for each in range(1, 10)
    ]
    assert len(sightings(asked, [{"id": each} for each in range(1, 11)], frozenset())) == 20
