"""A tenant's volume limits: a run is bounded, and the runs after it read what it left."""

from dataclasses import replace
from typing import Any

import pytest

from synkro_assets.assets.raw_radist import radist_source
from synkro_assets.assets.raw_specs import load_days
from tests.runs import claimed, rows_of
from tests.stage import Scene

FEEDS = ("raw.radist_chats", "raw.radist_messages")


def load(scene: Scene, **limits: int) -> dict[str, Any]:
    """Load the day's messages under limits; what is then known of the day."""
    config = replace(scene.tenant.config, **limits)
    bounded = replace(scene, tenant=replace(scene.tenant, config=config))
    with claimed(bounded) as begun:
        outcomes = load_days(begun, radist_source(begun, lambda _: None), "a run", lambda _: None)
    outcomes.require_all_done()
    (row,) = scene.rows("select is_truncated, cuts, place from app.source_days")
    return row


@pytest.mark.parametrize(
    "limits",
    [{"radist_fetch_limit": 7}, {"max_radist_candidates": 9}],
    ids=lambda limits: next(iter(limits)),
)
def test_runs_under_a_limit_end_with_what_one_without_it_stores(
    scene: Scene, limits: dict[str, int]
) -> None:
    ((name, value),) = limits.items()
    chats = 0
    while True:
        known = load(scene, **limits)
        stored = len(rows_of(scene, FEEDS[0]))
        assert stored <= chats + value
        if not known["is_truncated"]:
            break
        (cut,) = known["cuts"]
        assert (cut["limit"], cut["value"], cut["read"]) == (name, value, stored)
        assert stored > chats, "each run makes progress"
        chats = stored
    bounded = {table: rows_of(scene, table) for table in FEEDS}
    asked = scene.rows(
        "select trigger_type, requested_by from app.job_runs where status = 'pending'"
    )
    assert len(asked) == -(-stored // value) - 1
    assert {(each["trigger_type"], each["requested_by"]) for each in asked} == {
        ("backfill", "synkro")
    }

    assert load(scene)["cuts"] == []

    assert {table: rows_of(scene, table) for table in FEEDS} == bounded
    assert not load(scene, **limits)["is_truncated"], "a whole day stays whole"


def test_a_dialog_is_stored_whole_or_not_at_all(scene: Scene) -> None:
    load(scene)
    whole = {row["radist_message_id"]: row["radist_chat_id"] for row in rows_of(scene, FEEDS[1])}
    with scene.platform.database.tenant_transaction(scene.tenant.tenant_id) as connection:
        for table in ("radist_chats", "radist_messages"):
            connection.execute(f"delete from raw.{table}")

    load(scene, radist_fetch_limit=4)

    cut = {row["radist_message_id"]: row["radist_chat_id"] for row in rows_of(scene, FEEDS[1])}
    chats = set(cut.values())
    assert len(chats) == 4
    assert cut == {message: chat for message, chat in whole.items() if chat in chats}
