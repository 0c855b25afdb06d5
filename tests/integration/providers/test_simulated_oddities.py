"""Our clients read the simulated providers truly, whichever of their oddities is switched on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from typing import Any

import pytest

from synkro_assets.domain.business_day import Window
from synkro_assets.ingestion import amocrm as crm
from synkro_assets.ingestion import radist as messenger
from synkro_assets.providers import amocrm, radist
from tests.integration.simulators.conftest import Lab, lab, server
from tests.unit.providers.conftest import Surroundings

__all__ = ["lab", "server"]

AMOCRM_ODDITIES: list[dict[str, Any]] = [
    {},
    {"amocrm_not_full_pages": True},
    {"amocrm_max_limit": 7},
    {"amocrm_max_limit": 7, "amocrm_max_offset": 21},
    {"amocrm_ignore_filters": True},
    {"amocrm_legacy_enum": True},
    {"amocrm_whole_trash": True},
    {"amocrm_absent_loss_reason": True},
    {"amocrm_unknown_fields": True},
]
RADIST_ODDITIES: list[dict[str, Any]] = [
    {},
    {"radist_until_inclusive": False},
    {"radist_end_cursor": "empty"},
    {"radist_end_cursor": "absent"},
    {"radist_max_limit": 7},
    {"radist_cursor": "offset"},
    {"radist_unknown_fields": True},
    {"radist_expiring_media": True},
    {"radist_touch_between_pages": True, "radist_max_limit": 10},
    {"radist_touch_between_pages": True, "radist_max_limit": 3},
]


@pytest.fixture
def surroundings() -> Surroundings:
    return Surroundings()


@pytest.fixture
def crm_client(lab: Lab, surroundings: Surroundings) -> Iterator[amocrm.AmoCrmClient]:
    fields = dict(lab.loaded["integrations"]["amocrm"])
    secrets = {"long_lived_token": fields.pop("long_lived_token")}
    with closing(amocrm.client(fields, secrets, **surroundings.given())) as client:
        yield client


@pytest.fixture
def chat_client(lab: Lab, surroundings: Surroundings) -> Iterator[radist.RadistClient]:
    fields = dict(lab.loaded["integrations"]["radist"])
    secrets = {"api_key": fields.pop("api_key")}
    with closing(radist.client(fields, secrets, **surroundings.given())) as client:
        yield client


def window_of(truth: dict[str, Any]) -> Window:
    span = truth["window"]
    return Window(datetime.fromisoformat(span["start"]), datetime.fromisoformat(span["end"]))


def said_in(truth: dict[str, Any], window: Window) -> dict[str, tuple[Any, ...]]:
    """The messages of the window: chat, direction and time by id."""
    return {
        message["message_id"]: (dialog["chat_id"], message["direction"], at)
        for dialog in truth["dialogs"]
        for message in dialog["messages"]
        if (at := datetime.fromisoformat(message["created_at"])) in window
    }


def named(oddity: dict[str, Any]) -> str:
    return ",".join(f"{key}={value}" for key, value in oddity.items()) or "none"


@pytest.mark.parametrize("oddity", AMOCRM_ODDITIES, ids=named)
def test_an_amocrm_day_is_the_true_one(
    lab: Lab,
    crm_client: amocrm.AmoCrmClient,
    oddity: dict[str, Any],
) -> None:
    lab.control("switches", **oddity)
    truth = lab.truth()
    window = window_of(truth)
    rows = crm.raw_rows(crm.fetch_day(crm_client, window), "RU")

    def is_inside(text: str) -> bool:
        return datetime.fromisoformat(text) in window

    events = [
        e for e in truth["events"] if is_inside(e["created_at"]) and e["type"] in crm.EVENT_TYPES
    ]
    assert {row[0]: row[1:4] for row in rows["amocrm_events"]} == {
        e["id"]: (e["type"], e["entity_type"], e["entity_id"]) for e in events
    }
    touched = {e["entity_id"] for e in events}
    leads = {r["id"]: r for r in truth["leads"] if r["id"] in touched or is_inside(r["updated_at"])}
    assert {row[0]: row[1:3] for row in rows["amocrm_leads"]} == {
        lead_id: (datetime.fromisoformat(lead["updated_at"]), lead["is_deleted"])
        for lead_id, lead in leads.items()
    }
    links = {
        (lead_id, contact_id)
        for lead_id, lead in leads.items()
        if not lead["is_deleted"]
        for contact_id in lead["contact_ids"]
    }
    assert {row[:2] for row in rows["amocrm_lead_contacts"]} == links
    phones = {c["id"]: [n for p in c["phones"] for n in p["e164"]] for c in truth["contacts"]}
    assert {row[0]: row[2] for row in rows["amocrm_contacts"]} == {
        contact_id: phones[contact_id] for _, contact_id in links
    }


def test_a_cluster_of_one_second_larger_than_a_page_is_read_whole(
    lab: Lab,
    crm_client: amocrm.AmoCrmClient,
) -> None:
    lab.http.put("/control/clock", json={"now": "2026-03-05T20:00:00Z", "rate": 0})
    at = "2026-03-05T18:00:00Z"
    imported = lab.control("amocrm/leads/acme", count=600, at=at)["ids"]
    window = window_of(lab.truth())
    for switches in ({}, {"amocrm_not_full_pages": True}):
        lab.control("switches", **switches)
        found = [row["id"] for row in crm_client.leads_updated(window.start, window.end)]
        assert len(found) == len(set(found))
        assert set(found).issuperset(imported)


@pytest.mark.parametrize("oddity", RADIST_ODDITIES, ids=named)
def test_a_radist_day_is_the_true_one(
    lab: Lab,
    chat_client: radist.RadistClient,
    oddity: dict[str, Any],
) -> None:
    truth = lab.truth()
    window = window_of(truth)
    expected = said_in(truth, window)
    lab.control("switches", **oddity)
    limits = messenger.Limits(500, 50)
    day = messenger.fetch_day(chat_client, window, limits, radist.parse_time)
    rows = messenger.raw_rows(day, "RU", radist.parse_time)
    found = {row[0]: row[1:4] for row in rows["radist_messages"]}
    assert found == expected
    phones = {d["chat_id"]: d["phone_e164"] for d in truth["dialogs"]}
    assert {row[0]: row[3] for row in rows["radist_chats"]} == {
        chat_id: phones[chat_id] for chat_id, _, _ in expected.values()
    }
