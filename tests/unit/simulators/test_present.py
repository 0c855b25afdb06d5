"""Several days of one company, seen from an instant: nothing of the future, and one history."""

from __future__ import annotations

import itertools
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from synkro_assets.simulators.present import END_OF_TIME, Present
from synkro_assets.simulators.state import TenantWorld, credentials
from synkro_assets.simulators.world.company import company
from synkro_assets.simulators.world.day import DayOrder, make_day
from synkro_assets.simulators.world.history import forget_plans, keep, lead_at
from synkro_assets.simulators.world.model import ChatMessage, Day
from synkro_assets.simulators.world.truth import truth

START = datetime(2026, 3, 4, 19, 1, tzinfo=UTC)
DAY = timedelta(days=1)
COMPANY = company(1, "acme", "ru", "RU", "Europe/Moscow")
LABELS = [f"2026-03-{5 + place:02}" for place in range(5)]

# Messages of the hours before its window are the only thing a day reaches back with.
REACH = timedelta(hours=6)


def day(place: int) -> Day:
    start = START + place * DAY
    return make_day(DayOrder("acme", LABELS[place], start, start + DAY), COMPANY)


def world_of(*places: int) -> TenantWorld:
    world = TenantWorld(COMPANY, credentials(1, "acme"))
    for place in places:
        world.put(day(place))
    return world


def seen(world: TenantWorld, now: datetime) -> dict[str, Any]:
    """Everything the providers could show at an instant."""
    present = Present(world, now)
    return {
        "leads": [(e.id, e.status_id, e.updated_at, e.closed_at) for e in present.leads()],
        "contacts": [(e.id, e.updated_at, tuple(e.lead_ids)) for e in present.contacts()],
        "events": [e.id for e in present.events()],
        "chats": {
            chat.id: [row.id for row in chat.messages]
            for person in present.people()
            for chat in person.chats
        },
    }


@pytest.fixture(scope="module")
def five_days() -> TenantWorld:
    return world_of(*range(5))


@pytest.mark.parametrize("hours", [0, 7, 17])
def test_a_day_loaded_in_advance_changes_nothing_before_its_time(hours: int) -> None:
    now = START + DAY + timedelta(hours=hours)
    assert seen(world_of(0, 1, 2, 3), now) == seen(world_of(0, 1), now)


def test_nothing_later_than_now_shows(five_days: TenantWorld) -> None:
    for hours in range(0, 5 * 24, 5):
        now = START + timedelta(hours=hours)
        present = Present(five_days, now)
        assert all(e.created_at <= e.updated_at <= now for e in present.leads())
        assert all(e.closed_at is None or e.closed_at <= now for e in present.leads())
        assert all(e.created_at <= e.updated_at <= now for e in present.contacts())
        assert all(e.created_at <= now for e in present.events())
        rows = [m for p in present.people() for chat in p.chats for m in chat.messages]
        assert all(row.created_at <= now for row in rows)


def test_a_lead_stands_where_its_events_so_far_have_put_it(five_days: TenantWorld) -> None:
    for hours in range(3, 5 * 24, 11):
        present = Present(five_days, START + timedelta(hours=hours))
        stage: dict[int, int] = {}
        for event in sorted(present.events(), key=lambda e: e.created_at):
            if event.type in ("lead_added", "lead_status_changed"):
                stage[event.entity_id] = event.after[0]["lead_status"]["id"]
        assert stage == {lead.id: lead.status_id for lead in present.leads()}


def test_what_is_said_of_a_closed_day_stays_the_same_as_days_go_by(
    five_days: TenantWorld,
) -> None:
    for place, label in enumerate(LABELS[:-1]):
        window = day(place)
        at_close, later = (
            truth(COMPANY, Present(five_days, now).day(label))
            for now in (window.window_end, END_OF_TIME)
        )
        assert _happened(at_close) == _happened(later)


def test_a_closed_day_is_the_same_without_the_days_that_come_two_later() -> None:
    with_later = Present(world_of(0, 1, 2, 3, 4), END_OF_TIME).day(LABELS[1])
    without = Present(world_of(0, 1, 2), END_OF_TIME).day(LABELS[1])
    assert _happened(truth(COMPANY, with_later)) == _happened(truth(COMPANY, without))


def _happened(told: dict[str, Any]) -> dict[str, Any]:
    """The events and messages of the window: what a day's figures are made of."""
    start, end = told["window"]["start"], told["window"]["end"]
    return {
        "events": sorted(e["id"] for e in told["events"] if start <= e["created_at"] < end),
        "messages": sorted(
            (chat["chat_id"], row["message_id"])
            for chat in told["dialogs"]
            for row in chat["messages"]
            if start <= row["created_at"] < end
        ),
        "created": sorted(e["id"] for e in told["leads"] if start <= e["created_at"] < end),
    }


def test_every_message_and_event_of_five_days_belongs_to_one_of_them(
    five_days: TenantWorld,
) -> None:
    told = [
        _happened(truth(COMPANY, Present(five_days, END_OF_TIME).day(label))) for label in LABELS
    ]
    for kind in ("events", "messages", "created"):
        counts = Counter(itertools.chain.from_iterable(each[kind] for each in told))
        assert set(counts.values()) == {1}
    everything = {e.id for e in five_days.events if START <= e.created_at < START + 5 * DAY}
    assert {each for day_told in told for each in day_told["events"]} == everything


def test_customers_write_again_on_another_day(five_days: TenantWorld) -> None:
    days_of: dict[int, set[str]] = {}
    for label, loaded in five_days.days.items():
        for person in loaded.people:
            if person.regular is not None:
                days_of.setdefault(person.id, set()).add(label)
    again = [person_id for person_id, labels in days_of.items() if len(labels) > 1]
    assert len(again) >= 3
    for person_id in again:
        parts = [p for d in five_days.days.values() for p in d.people if p.id == person_id]
        assert len({(p.name, p.e164, p.chats[0].phone, p.crm_contact_id) for p in parts}) == 1
        whole = five_days.people[person_id].chats[0]
        assert len(whole.messages) == sum(len(p.chats[0].messages) for p in parts)
        assert whole.messages == sorted(whole.messages, key=lambda row: row.created_at)
        contact = five_days.contacts[parts[0].crm_contact_id or 0]
        assert len(contact.lead_ids) >= len(parts)
        assert {five_days.leads[i].contact_ids[0] for i in contact.lead_ids} == {contact.id}


def test_the_companys_own_group_is_one_and_the_same(five_days: TenantWorld) -> None:
    groups = [person for person in five_days.people.values() if person.is_group]
    assert [len(group.chats[0].messages) for group in groups] == [10]


def test_a_lead_of_the_first_day_is_still_there_on_the_last(five_days: TenantWorld) -> None:
    present = Present(five_days, START + 4 * DAY)
    assert all(present.lead(lead.id) for lead in five_days.days[LABELS[0]].leads)


def test_a_message_into_a_chat_of_several_days_is_kept_when_a_day_is_loaded() -> None:
    world = world_of(*range(4))
    chat_id = next(p.chats[0].id for p in world.people.values() if p.is_group)
    world.add_message(chat_id, ChatMessage("new", "inbound", "text", "?", START + 5 * DAY))
    world.put(day(4))
    rows = world.chats[chat_id][1].messages
    assert [row.id for row in rows].count("new") == 1
    assert rows[-1].id == "new"


def test_a_lead_that_is_changed_forgets_what_was_planned_for_it() -> None:
    world = world_of(0)
    own = world.days[LABELS[0]]
    lead = next(e for e in own.leads if len([s for s, _ in e.versions if s > START]) > 2)
    now = sorted(shown for shown, _ in lead.versions if shown > START)[0]
    seen_now = lead_at(lead, now)
    assert seen_now is not None
    planned = [e for e in own.events if e.entity_id == lead.id and e.shown_from > now]
    forget_plans(own, lead, now)
    assert planned
    assert not [e for e in own.events if e in planned]
    assert (lead.status_id, lead.updated_at) == (seen_now.status_id, seen_now.updated_at)
    keep(lead, now)
    assert lead_at(lead, END_OF_TIME) is lead
