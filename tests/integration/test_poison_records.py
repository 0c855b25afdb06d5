"""Records that cannot be used are set aside and counted; the day is made from all the others."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

import pytest

from tests.runs import rows_of, run
from tests.stage import Scene

CONTENT = ("nul", "nul_name", "surrogate", "megabyte", "deep")
IDS = ("null_id", "changed_type", "fraction", "huge_id")
REASONS = {
    "nul": "poison.deep.0 holds a NUL byte",
    "nul_name": "a name in the record holds a NUL byte",
    "surrogate": "poison holds half a character",
    "megabyte": "poison is longer than 512 KiB",
    "deep": "nested too deep",
    "absurd_date": "absurd",
    "null_id": "is missing or null",
    "changed_type": "is no whole number",
    "fraction": "is no whole number",
    "huge_id": "is out of range",
}
NEWS = (
    "amocrm_events", "amocrm_leads", "amocrm_contacts", "amocrm_users", "amocrm_lead_contacts",
    "radist_chats", "radist_messages",
)  # fmt: skip


def plants(entity: str, ids: list[Any], kinds: tuple[str, ...]) -> list[dict[str, Any]]:
    """Every kind once, each beside a record of its own, before and after in turn."""
    assert len(ids) >= len(kinds), f"{len(ids)} {entity} are too few for {len(kinds)} kinds"
    return [
        {"entity": entity, "beside": each, "kind": kind, "place": ("before", "after")[number % 2]}
        for number, (each, kind) in enumerate(zip(ids, kinds, strict=False))
    ]


def quarantined(scene: Scene) -> list[dict[str, Any]]:
    return scene.rows("select * from raw.quarantined_records order by entity, reason")


def sound_rows(scene: Scene) -> dict[str, list[Any]]:
    return {name: rows_of(scene, f"raw.{name}") for name in NEWS}


def assert_exactly(scene: Scene, source: str, planted: list[dict[str, Any]]) -> None:
    found = [row for row in quarantined(scene) if row["source"] == source]
    assert Counter(row["entity"] for row in found) == Counter(each["entity"] for each in planted)
    for each in planted:
        reason = REASONS[each["kind"]]
        if each["entity"] in ("messages", "events") and each["kind"] == "changed_type":
            reason = "whole number"
        assert any(row["entity"] == each["entity"] and reason in row["reason"] for row in found), (
            each, [row["reason"] for row in found],
        )  # fmt: skip
    for row in found:
        assert len(row["record"]) <= 16 * 1024
        assert row["record"].isascii()


def test_every_kind_of_poison_of_amocrm_is_set_aside_and_the_day_is_whole(copied: Scene) -> None:
    before, truth = sound_rows(copied), copied.truth()
    assert quarantined(copied) == []
    leads = [row["amocrm_lead_id"] for row in copied.rows("select * from raw.amocrm_leads")]
    contacts = [r["amocrm_contact_id"] for r in copied.rows("select * from raw.amocrm_contacts")]
    events = [row["amocrm_event_id"] for row in copied.rows("select * from raw.amocrm_events")]
    users = [row["amocrm_user_id"] for row in copied.rows("select * from raw.amocrm_users")]
    updated = {
        lead["id"]
        for lead in truth["leads"]
        if datetime.fromisoformat(lead["updated_at"]) in copied.window and not lead["is_deleted"]
    }
    planted = [
        *plants("leads", sorted(set(leads) & updated), (*CONTENT, *IDS, "absurd_date")),
        *plants("contacts", sorted(set(contacts)), (*CONTENT, "absurd_date", *IDS)),
        *plants("events", sorted(set(events)), (*CONTENT, "absurd_date", "null_id", "fraction")),
        *plants("users", sorted(set(users)), ("nul", "null_id")),
    ]
    copied.simulators.switch(amocrm_poison=planted)
    report = run(copied).report
    assert_exactly(copied, "amocrm", planted)
    assert sound_rows(copied) == before
    assert f"{len(planted)} запис" in report.summary_text
    (said,) = copied.rows(
        "select message from app.job_run_events where level = 'warning' and step = 'raw/amocrm'"
    )
    assert f"{copied.day}: {len(planted)} records set aside: " in said["message"]
    copied.simulators.calm()
    assert "не удалось прочитать" not in run(copied).report.summary_text
    assert quarantined(copied) == []


@pytest.mark.parametrize("limit", [100, 7])
def test_every_kind_of_poison_of_radist_is_set_aside_and_the_day_is_whole(
    copied: Scene, limit: int
) -> None:
    before = sound_rows(copied)
    rows = copied.rows(
        "select radist_chat_id, (array_agg(radist_message_id order by created_at desc)) as ids "
        "from raw.radist_messages group by 1 order by count(*) desc, 1"
    )
    chats = copied.rows("select * from raw.radist_chats order by radist_chat_id")
    newest = [row["ids"][0] for row in rows]
    planted = [
        *plants("messages", newest, (*CONTENT, "absurd_date", "null_id", "fraction")),
        # Between two pages of a long chat, and where its reading ends.
        *plants("messages", [rows[0]["ids"][-1], rows[1]["ids"][-1]], ("absurd_date", "nul")),
        *plants("contacts", [row["radist_contact_id"] for row in chats][::-1], (*CONTENT, *IDS)),
        *plants("chats", [row["radist_chat_id"] for row in chats], (*CONTENT, *IDS)),
    ]
    copied.simulators.switch(radist_poison=planted, radist_max_limit=limit)
    report = run(copied).report
    assert_exactly(copied, "radist", planted)
    assert sound_rows(copied) == before
    assert f"{len(planted)} запис" in report.summary_text


def test_the_chats_of_a_contact_that_is_set_aside_are_kept(copied: Scene) -> None:
    before = sound_rows(copied)
    chats = copied.rows("select * from raw.radist_chats order by radist_chat_id")
    spoiled = [chats[0]["radist_contact_id"], chats[1]["radist_contact_id"]]
    planted = [
        {"entity": "contacts", "beside": each, "kind": kind, "place": "instead"}
        for each, kind in zip(spoiled, ("nul", "nul_name"), strict=True)
    ]
    copied.simulators.switch(radist_poison=planted)
    run(copied)
    assert_exactly(copied, "radist", planted)
    after = sound_rows(copied)
    assert after["radist_messages"] == before["radist_messages"]
    kept = {row["radist_chat_id"]: row for row in after["radist_chats"]}
    for row in before["radist_chats"]:
        found = kept.pop(row["radist_chat_id"])
        is_spoiled = row["radist_contact_id"] in spoiled
        assert (found["payload"]["contact"] != row["payload"]["contact"]) == is_spoiled
        assert {**found, "payload": None} == {**row, "payload": None}
        assert found["payload"]["chat"] == row["payload"]["chat"]
    assert kept == {}
    named = copied.rows(
        "select contact_name from marts.fct_dialogs where radist_contact_id = any(%s)", spoiled
    )
    assert named
    assert {row["contact_name"] for row in named} == {None}
