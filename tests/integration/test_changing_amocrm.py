"""An amoCRM that changes and fails while it is read: whole days or nothing, and nothing lost."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from synkro_assets.ingestion.amocrm import EVENT_TYPES
from tests.changing_world import (
    AMOCRM_CHANGES,
    AMOCRM_PATHS,
    Happening,
    Trouble,
    Truth,
    happenings,
    troubles,
)
from tests.integration.reading import Reading, Theatre, affordable

Lead = tuple[Any, ...]
LEAVING_ONE_BY_ONE = [
    Happening("price in a crowd", 0, before_request=number, path="/leads", pause=1)
    for number in range(2, 8)
]
pytestmark = pytest.mark.usefixtures("impatient")


def is_inside(truth: Truth, text: str) -> bool:
    start, end = (datetime.fromisoformat(truth["window"][each]) for each in ("start", "end"))
    return start <= datetime.fromisoformat(text) < end


def true_events(truth: Truth) -> dict[str, tuple[Any, ...]]:
    return {
        each["id"]: (each["type"], each["entity_id"], datetime.fromisoformat(each["created_at"]))
        for each in truth["events"]
        if each["type"] in EVENT_TYPES and is_inside(truth, each["created_at"])
    }


def true_leads(truth: Truth) -> dict[int, Lead]:
    """The leads of the day: changed in it or named by an event of it.

    One that was put into the trash on a later day is that day's, and shows its id alone.
    """
    named = {each[1] for each in true_events(truth).values()}
    return {
        lead["id"]: shown(lead)
        for lead in truth["leads"]
        if is_inside(truth, lead["updated_at"]) or (lead["id"] in named and not lead["is_deleted"])
    }


def shown(lead: dict[str, Any]) -> Lead:
    at = int(datetime.fromisoformat(lead["updated_at"]).timestamp())
    if lead["is_deleted"]:
        return (at, True)
    names = ("name", "price", "pipeline_id", "status_id", "responsible_user_id", "loss_reason_id")
    return (at, False, *(lead[name] for name in names), tuple(lead["contact_ids"]))


def true_contacts(truth: Truth, leads: dict[int, Lead]) -> dict[int, tuple[Any, ...]]:
    """Name and numbers of the contacts of living leads."""
    linked = {each for lead in leads.values() if not lead[1] for each in lead[-1]}
    return {
        each["id"]: (each["name"], [number for phone in each["phones"] for number in phone["e164"]])
        for each in truth["contacts"]
        if each["id"] in linked
    }


def stored_events(rows: dict[str, list[Any]]) -> dict[str, tuple[Any, ...]]:
    return {
        row["amocrm_event_id"]: (
            row["event_type"], row["entity_id"], datetime.fromisoformat(row["created_at"]),
        )
        for row in rows["amocrm_events"]
    }  # fmt: skip


def stored_leads(rows: dict[str, list[Any]]) -> dict[int, list[Lead]]:
    """Every version of each lead that is stored, the newest last."""
    versions: dict[int, list[Lead]] = {}
    for row in rows["amocrm_leads"]:
        payload = row["payload"]
        embedded = payload.get("_embedded", {})
        contacts = [each["id"] for each in embedded.get("contacts", [])]
        at = datetime.fromtimestamp(payload["updated_at"]).astimezone().isoformat()
        lead = {**payload, "updated_at": at, "contact_ids": contacts}
        lead["is_deleted"] = row["is_deleted"]
        versions.setdefault(row["amocrm_lead_id"], []).append(shown(lead))
    return {lead_id: sorted(each, key=lambda v: v[:2]) for lead_id, each in versions.items()}


def stored_contacts(rows: dict[str, list[Any]]) -> dict[int, list[tuple[Any, ...]]]:
    versions: dict[int, list[tuple[Any, ...]]] = {}
    for row in rows["amocrm_contacts"]:
        version = (row["payload"]["name"], row["phones_e164"])
        versions.setdefault(row["amocrm_contact_id"], []).append(version)
    return versions


def assert_held(reading: Reading, rows: dict[str, list[Any]], states: list[Truth]) -> None:
    """Everything stored is as amoCRM had it at some time since reading began."""
    held: dict[int, set[Lead]] = {}
    for state in states:
        for lead in state["leads"]:
            held.setdefault(lead["id"], set()).add(shown(lead))
    for lead_id, versions in stored_leads(rows).items():
        assert set(versions) <= held[lead_id], lead_id


def assert_nothing_is_lost(rows: dict[str, list[Any]], states: list[Truth]) -> None:
    """What was of the day all the time it was read is stored."""
    events, versions = stored_events(rows), stored_leads(rows)
    assert true_events(states[0]).items() <= events.items() <= true_events(states[-1]).items()
    of_day = [true_leads(state) for state in states]
    steady = set.intersection(*(set(leads) for leads in of_day))
    for lead_id in steady:
        if not any(leads[lead_id][1] for leads in of_day):
            assert lead_id in versions, f"lead {lead_id} was of the day and was not stored"
        if len({leads[lead_id] for leads in of_day}) == 1:
            assert of_day[0][lead_id] in versions[lead_id]
    living = {each: of_day[0][each] for each in steady if not of_day[0][each][1]}
    missing = true_contacts(states[0], living).keys() - stored_contacts(rows).keys()
    assert not missing, "contacts of the day's leads were not stored"


def assert_true(reading: Reading, rows: dict[str, list[Any]]) -> None:
    """The tables say what amoCRM says now."""
    (truth, *_) = reading.states
    assert stored_events(rows) == true_events(truth)
    leads, versions = true_leads(truth), stored_leads(rows)
    found = {lead_id: versions.get(lead_id, [None])[-1] for lead_id in leads}
    assert found == leads
    contacts = stored_contacts(rows)
    for contact_id, contact in true_contacts(truth, leads).items():
        assert contact in contacts[contact_id]
    links = {
        (row["amocrm_lead_id"], row["amocrm_contact_id"]) for row in rows["amocrm_lead_contacts"]
    }
    assert {(i, c) for i, lead in leads.items() if not lead[1] for c in lead[-1]} <= links


@affordable
@given(
    hours=st.sampled_from([20, 40]),
    size=st.sampled_from([2, 3, 7, 250]),
    is_short=st.booleans(),
    is_read_before=st.booleans(),
    crowd=st.sampled_from([0, 8]),
    plan=happenings(AMOCRM_CHANGES, AMOCRM_PATHS),
    failing=troubles(AMOCRM_PATHS),
)
@example(20, 3, False, False, 8, [], [Trouble("an empty object with 200", "/leads", skip=1)])
@example(20, 3, True, False, 0, [], [Trouble("cut in the middle", "/contacts", count=5)])
@example(40, 3, False, False, 8, LEAVING_ONE_BY_ONE, [])
def test_a_changing_failing_amocrm_is_read_whole_or_not_at_all(
    theatre: Theatre,
    hours: int,
    size: int,
    is_short: bool,
    is_read_before: bool,
    crowd: int,
    plan: list[Happening],
    failing: list[Trouble],
) -> None:
    reading = theatre.open("amocrm", hours=hours, dialogs=5)
    theatre.simulators.switch(amocrm_max_limit=size, amocrm_not_full_pages=is_short)
    if crowd:
        reading.save_old_leads(crowd)
        reading.set_hours(hours)
    seen: list[Truth] = []
    if is_read_before:
        assert reading.read() is None
        seen += reading.states
    before = reading.stored()

    problem = reading.read(plan, failing)

    rows = reading.stored()
    if problem:
        assert failing, f"changes alone made it fail: {problem}"
        assert rows == before
    else:
        assert_nothing_is_lost(rows, reading.states)
    seen += reading.states
    assert_held(reading, rows, seen)

    reading.come_to_rest()
    assert reading.read() is None
    assert_true(reading, reading.stored())
    assert_held(reading, reading.stored(), [*seen, *reading.states])
