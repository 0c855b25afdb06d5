"""No provider shows what has not happened yet, though the day of it is loaded."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from .conftest import Lab
from .test_amocrm import pages
from .test_radist import MESSAGES, feed, instant

NOW = datetime(2026, 3, 5, 9, 30, tzinfo=UTC)
TOMORROW = {
    "day": "2026-03-06",
    "window_start": "2026-03-05T22:01:00+03:00",
    "window_end": "2026-03-06T22:01:00+03:00",
}


@pytest.fixture
def noon(lab: Lab) -> Lab:
    """The middle of the loaded day, in which the clock stands; the next day is loaded too."""
    assert lab.load(**TOMORROW).status_code == 200
    put(lab, NOW)
    return lab


def put(lab: Lab, now: datetime) -> None:
    assert lab.http.put("/control/clock", json={"now": now.isoformat(), "rate": 0}).is_success


def ids(rows: list[dict[str, Any]]) -> set[int]:
    return {row["id"] for row in rows}


def test_leads_and_contacts_come_with_their_time(noon: Lab) -> None:
    stamp = NOW.timestamp()
    early = {name: pages(noon, name, name, limit=250) for name in ("leads", "contacts")}
    for rows in early.values():
        assert rows
        assert all(row["created_at"] <= row["updated_at"] <= stamp for row in rows)
        assert all((row.get("closed_at") or 0) <= stamp for row in rows)
    put(noon, datetime(2026, 3, 6, 21, tzinfo=UTC))
    for name, rows in early.items():
        assert ids(rows) < ids(pages(noon, name, name, limit=250))


def test_a_lead_that_is_still_to_come_cannot_be_had_by_any_road(noon: Lab) -> None:
    there = ids(pages(noon, "leads", "leads", limit=250))
    trash = ids(pages(noon, "leads", "leads", **{"with": "only_deleted"}))
    told = noon.truth()["leads"] + noon.truth(day="2026-03-06")["leads"]
    hidden = next(row for row in told if row["contact_ids"] and row["id"] not in there | trash)
    assert noon.amocrm(f"leads/{hidden['id']}").status_code == 404
    assert noon.amocrm(f"leads/{hidden['id']}/links").status_code == 404
    for path in ("leads", "leads/links"):
        name = "filter[id][]" if path == "leads" else "filter[entity_id][]"
        assert noon.amocrm(path, **{name: hidden["id"]}).status_code == 204
    changed = noon.http.post(f"/control/amocrm/leads/acme/{hidden['id']}", json={"price": 1})
    assert changed.status_code == 404
    for contact in pages(noon, "contacts", "contacts", limit=250, **{"with": "leads"}):
        assert ids(contact["_embedded"]["leads"]) <= there


def test_events_come_with_their_time_and_leads_stand_where_they_put_them(noon: Lab) -> None:
    events = pages(noon, "events", "events", limit=100)
    assert events
    assert all(row["created_at"] <= NOW.timestamp() for row in events)
    stage: dict[int, int] = {}
    for row in sorted(events, key=lambda each: each["created_at"]):
        if row["type"] == "lead_status_changed":
            stage[row["entity_id"]] = row["value_after"][0]["lead_status"]["id"]
    leads = {row["id"]: row for row in pages(noon, "leads", "leads", limit=250)}
    assert len(stage) > 5
    assert {lead_id: leads[lead_id]["status_id"] for lead_id in stage} == stage
    added = {row["entity_id"] for row in events if row["type"] == "lead_added"}
    assert leads.keys() <= added


def test_a_lead_goes_another_way_when_somebody_changes_it(noon: Lab) -> None:
    final = {row["id"]: row["status_id"] for row in noon.truth()["leads"]}
    lead = next(
        row
        for row in pages(noon, "leads", "leads", limit=250)
        if final[row["id"]] != row["status_id"]
    )
    noon.control(f"amocrm/leads/acme/{lead['id']}", status_id=143)
    put(noon, datetime(2026, 3, 6, 21, tzinfo=UTC))
    assert noon.amocrm(f"leads/{lead['id']}").json()["status_id"] == 143
    named = {"filter[entity]": "lead", "filter[entity_id][]": lead["id"]}
    events = pages(noon, "events", "events", **named)
    assert max(row["created_at"] for row in events) == int(NOW.timestamp())


def test_messages_and_chats_come_with_their_time(noon: Lab) -> None:
    rows = feed(noon)
    assert rows
    for row in rows:
        assert instant(row["last_chat_updated_at"]) <= NOW
        for chat in row["chats"]:
            messages = noon.radist(MESSAGES, chat_id=chat["chat_id"]).json()
            assert all(instant(each["created_at"]) <= NOW for each in messages)
            newest = messages[0]["message_id"] if messages else None
            assert newest == (chat["last_message"] or {}).get("message_id")
    shown = {chat["chat_id"] for row in rows for chat in row["chats"]}
    told = noon.truth()["dialogs"] + noon.truth(day="2026-03-06")["dialogs"]
    hidden = {row["chat_id"] for row in told} - shown
    assert hidden
    for chat_id in hidden:
        assert noon.radist(MESSAGES, chat_id=chat_id).status_code == 404


def test_nobody_can_write_into_a_chat_that_is_still_to_come(noon: Lab) -> None:
    shown = {chat["chat_id"] for row in feed(noon) for chat in row["chats"]}
    told = noon.truth(day="2026-03-06")["dialogs"]
    hidden = next(row["chat_id"] for row in told if row["chat_id"] not in shown)
    fields = noon.loaded["integrations"]["radist"]
    answer = noon.http.post(
        f"/radist/v2/companies/{fields['company_id']}/messaging/messages/",
        json={"chat_id": hidden, "text": {"text": "early"}},
        headers={"X-Api-Key": fields["api_key"]},
    )
    assert answer.status_code == 404


def test_telegram_dates_what_it_is_told_by_the_same_clock(noon: Lab) -> None:
    sent = noon.telegram("sendMessage", text="report").json()["result"]
    assert sent["date"] == int(NOW.timestamp())


def test_the_truth_can_be_asked_as_of_an_instant(noon: Lab) -> None:
    query = {"day": "2026-03-05", "at": NOW.isoformat()}
    told = noon.http.get("/control/worlds/acme/truth", params=query).json()
    assert ids(told["leads"]) == ids(pages(noon, "leads", "leads", limit=250)) | ids(
        pages(noon, "leads", "leads", **{"with": "only_deleted"})
    )
    moments = [row["created_at"] for chat in told["dialogs"] for row in chat["messages"]]
    assert max(moments) <= NOW.isoformat()
    assert noon.http.get("/control/worlds/acme/truth?at=soon").status_code == 400


def test_account_users_and_pipelines_are_the_same_every_day(noon: Lab) -> None:
    paths = ("account", "users", "leads/pipelines", "leads/loss_reasons")
    today = [noon.amocrm(path).json() for path in paths]
    put(noon, datetime(2026, 3, 6, 21, tzinfo=UTC))
    assert [noon.amocrm(path).json() for path in paths] == today
