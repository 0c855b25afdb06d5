"""Dialogs count whatever messenger they came over, whoever is in them and whatever was sent."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

import pytest

from tests.integration.conftest import Reported
from tests.runs import run
from tests.stage import Scene

Truth = dict[str, Any]


@pytest.fixture(scope="module")
def spoke(reported: Reported) -> list[Truth]:
    """The dialogs with messages of the window, each with only those."""
    window = reported.scene.window
    dialogs = [
        {
            **each,
            "messages": [
                said
                for said in each["messages"]
                if datetime.fromisoformat(said["created_at"]) in window
            ],
        }
        for each in reported.truth["dialogs"]
    ]
    return [each for each in dialogs if each["messages"]]


def counted(scene: Scene, table: str, *columns: str) -> Counter[tuple[Any, ...]]:
    names = ", ".join(columns)
    rows = scene.rows(
        f"select {names}, count(*) as n from marts.{table} where business_day = %s "
        f"group by {names}",
        scene.day,
    )
    return Counter({tuple(row[name] for name in columns): row["n"] for row in rows})


def test_the_day_has_every_kind_of_dialog_and_message(spoke: list[Truth]) -> None:
    assert len({each["connection_id"] for each in spoke}) >= 3
    assert any(each["is_group"] for each in spoke)
    assert any(each["phone_e164"] is None and not each["is_group"] for each in spoke)
    types = {said["message_type"] for each in spoke for said in each["messages"]}
    assert {"text", "sticker_pack"} < types


def test_the_dialogs_of_every_connection_count(reported: Reported, spoke: list[Truth]) -> None:
    columns = ("radist_connection_id", "radist_chat_id", "is_group")
    assert counted(reported.scene, "fct_dialogs", *columns) == Counter(
        (each["connection_id"], each["chat_id"], each["is_group"]) for each in spoke
    )


def test_the_messages_of_every_type_count(reported: Reported, spoke: list[Truth]) -> None:
    columns = ("radist_chat_id", "direction", "message_type")
    assert counted(reported.scene, "fct_messages", *columns) == Counter(
        (each["chat_id"], said["direction"], said["message_type"])
        for each in spoke
        for said in each["messages"]
    )


def test_messengers_nobody_planned_for_count_like_any_other(
    copied: Scene, spoke: list[Truth]
) -> None:
    connections = sorted({each["connection_id"] for each in spoke})
    types = dict(zip(connections, ("instagram", "avito", "hologram"), strict=False))
    answer = [{"id": each, "type": kind} for each, kind in types.items()]
    copied.simulators.break_requests("radist", "/connections/$", status=200, body=answer)
    report = run(copied).report
    columns = ("radist_connection_id", "connection_type")
    assert counted(copied, "fct_dialogs", *columns) == Counter(
        (each["connection_id"], types.get(each["connection_id"])) for each in spoke
    )
    assert f"{len(spoke)} диалог" in report.summary_text
