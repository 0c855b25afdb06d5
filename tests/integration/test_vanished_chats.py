"""Chats that Radist no longer shows stay as they were stored, however their days are read again."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from synkro_assets.assets.raw_radist import radist_source
from synkro_assets.assets.raw_specs import load_days
from synkro_assets.domain.business_day import BusinessDay
from synkro_assets.operations.day_batches import DayOutcomes
from tests.runs import claimed
from tests.stage import DAY, Scene

DAYS = (DAY, BusinessDay(DAY + timedelta(days=1)))
WITH_CONTACTS = r"with_contacts"


def read(scene: Scene, days: Sequence[BusinessDay]) -> DayOutcomes[Any]:
    """What ``raw_radist`` does of a run of these days."""
    with claimed(scene, *days) as begun:
        return load_days(begun, radist_source(begun, print), "run", print)


def shown(scene: Scene) -> list[dict[str, Any]]:
    """Every contact that Radist lists, with its chats."""
    access = scene.integrations["radist"]
    url = f"{access['base_url']}/companies/{access['company_id']}/messaging/chats/with_contacts/"
    found: list[dict[str, Any]] = []
    cursor = ""
    while cursor is not None:
        request = urllib.request.Request(
            f"{url}?limit=100" + (f"&cursor={cursor}" if cursor else ""),
            headers={"X-Api-Key": access["api_key"]},
        )
        with urllib.request.urlopen(request) as answer:
            page = json.load(answer)
        found += page["data"]
        cursor = page["response_metadata"]["next_cursor"] or None
    return found


def show(scene: Scene, contacts: list[dict[str, Any]]) -> None:
    """Let Radist list these contacts and no others."""
    scene.simulators.ask("DELETE", "faults")
    body = {"data": contacts, "response_metadata": {"next_cursor": None}}
    scene.simulators.break_requests("radist", WITH_CONTACTS, status=200, body=body)


def stored(scene: Scene) -> dict[str, list[Any]]:
    """The messages and chats of each day, without which run read them."""
    return {
        table: [
            row["kept"]
            for row in scene.rows(
                "select (to_jsonb(kept) - array['fetched_at', 'run_id'])::text as kept "
                f"from raw.{table} as kept order by 1"
            )
        ]
        for table in ("radist_chats", "radist_messages")
    }


@pytest.fixture
def two_days(scene: Scene) -> Scene:
    scene.on(DAYS[1])
    read(scene, DAYS).require_all_done()
    return scene


@pytest.mark.parametrize("days", [DAYS, DAYS[:1]], ids=["in a range", "alone"])
def test_a_chat_that_is_no_longer_shown_stays(two_days: Scene, days: list[BusinessDay]) -> None:
    before = stored(two_days)
    show(two_days, shown(two_days)[1:])

    read(two_days, days).require_all_done()

    assert stored(two_days) == before


@pytest.mark.parametrize("days", [DAYS, DAYS[:1]], ids=["in a range", "alone"])
def test_a_list_that_is_empty_all_at_once_changes_nothing(
    two_days: Scene, days: list[BusinessDay]
) -> None:
    before = stored(two_days)
    show(two_days, [])

    read(two_days, days)

    assert stored(two_days) == before
    told = two_days.rows("select business_day, last_error from app.source_days")
    assert {row["business_day"] for row in told if row["last_error"]} == set(days)
    assert all("answered 0 of" in row["last_error"] for row in told if row["last_error"])


def test_a_chat_that_is_gone_when_its_messages_are_asked_for_stays(two_days: Scene) -> None:
    before = stored(two_days)
    gone = json.loads(before["radist_chats"][0])["radist_chat_id"]
    path = rf"messages/.*chat_id={gone}\b"
    two_days.simulators.break_requests("radist", path, status=404)

    read(two_days, DAYS).require_all_done()

    assert stored(two_days) == before
