"""Whatever the day and whatever the limits: runs under them end with the whole day, and end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synkro_assets.assets import raw_amocrm, raw_radist
from synkro_assets.assets.raw_specs import Source, load_days
from tests.databases import as_owner
from tests.integration.bounded_worlds import (
    CONTACTS_ON_A_PAGE,
    Chat,
    Company,
    Lead,
    Messenger,
    chats,
    leads,
)
from tests.runs import claimed
from tests.stage import Scene

in_any_world = settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
few = st.integers(1, 4)
MOST_RUNS = 80


def clear(scene: Scene) -> None:
    """Forget the day: each example begins with nothing stored."""
    with as_owner(scene.platform.database) as connection:
        for table in (
            "raw.amocrm_leads", "raw.amocrm_contacts", "raw.amocrm_lead_contacts",
            "raw.amocrm_events", "raw.quarantined_records", "raw.radist_chats",
            "raw.radist_messages", "raw.radist_unfinished_messages", "app.source_days",
        ):  # fmt: skip
            connection.execute(f"delete from {table}")  # type: ignore[arg-type]  # one of these


def ids(scene: Scene, column: str, table: str, condition: str = "true") -> list[Any]:
    found = scene.rows(f"select {column} as id from raw.{table} where {condition} order by 1")
    return [row["id"] for row in found]


def runs(scene: Scene, source: Callable[..., Source], limits: dict[str, int]) -> Iterator[Any]:
    """What is known of the day after each run under limits, until one meets none of them."""
    config = replace(scene.tenant.config, **limits)  # type: ignore[arg-type]  # all are numbers
    bounded = replace(scene, tenant=replace(scene.tenant, config=config))
    passed = []
    for number in count(1):
        assert number <= MOST_RUNS, "the runs come to an end"
        with claimed(bounded) as begun:
            asked = source(begun, lambda _: None)
            load_days(begun, asked, f"run {number}", lambda _: None).require_all_done()
        (known,) = scene.rows("select is_truncated, cuts, place from app.source_days")
        assert {cut["limit"] for cut in known["cuts"]} <= limits.keys()
        yield known
        if not known["is_truncated"]:
            return
        assert known not in passed, "each run makes progress"
        passed.append(known)


@in_any_world
@given(leads, few, few)
def test_every_lead_of_a_day_is_read_by_runs_of_few(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, world: list[Lead], most: int, contacts: int
) -> None:
    clear(scene)
    company = Company(world, scene.window)

    def client(*asked: Any) -> Any:
        company.next_run(asked[-1])
        return nullcontext(company)

    monkeypatch.setattr(raw_amocrm, "amocrm_client", client)
    stored = 0
    for _ in runs(
        scene, raw_amocrm.amocrm_source, {"max_amo_leads": most, "max_amo_contacts": contacts}
    ):
        before, stored = stored, len(ids(scene, "amocrm_lead_id", "amocrm_leads"))
        assert stored - before <= most
        assert company.contacts_asked <= contacts

    read = company.ids("updated", "named")
    linked = {each for number in read for each in world[number - 1].contacts}
    assert ids(scene, "amocrm_lead_id", "amocrm_leads", "not is_deleted") == sorted(read)
    gone = ids(scene, "amocrm_lead_id", "amocrm_leads", "is_deleted")
    assert gone == sorted(company.ids("trash"))
    assert ids(scene, "amocrm_contact_id", "amocrm_contacts") == sorted(linked)
    assert len(ids(scene, "amocrm_lead_id", "amocrm_lead_contacts")) == sum(
        len(world[number - 1].contacts) for number in read
    )
    poison = ids(scene, "provider_id", "quarantined_records")
    assert poison == sorted(map(str, company.ids("poison"))), "also those of earlier parts"


@in_any_world
@given(
    chats(), few, few, st.integers(1, 2), st.integers(1, 2),
    st.lists(st.tuples(st.integers(1, 14), st.booleans()), min_size=1, max_size=4),
)  # fmt: skip
def test_every_dialog_of_a_day_is_read_by_runs_of_few(
    scene: Scene,
    monkeypatch: pytest.MonkeyPatch,
    world: dict[int, Chat],
    dialogs: int,
    candidates: int,
    contact_pages: int,
    message_pages: int,
    meanwhile: list[tuple[int, bool]],
) -> None:
    clear(scene)
    messenger = Messenger(world, scene.window)
    begun = count()

    def client(*_: Any) -> Any:
        jumps, forgets = meanwhile[next(begun) % len(meanwhile)]
        messenger.next_run(jumps, forgets=forgets)
        return nullcontext(messenger)

    monkeypatch.setattr(raw_radist, "radist_client", client)
    limits = {
        "radist_fetch_limit": dialogs,
        "max_radist_candidates": candidates,
        "max_radist_contact_pages": contact_pages,
        "max_radist_message_pages": message_pages,
    }
    stored, listed = 0, 0
    for known in runs(scene, raw_radist.radist_source, limits):
        whole = ids(scene, "radist_chat_id", "radist_chats")
        assert len(whole) - stored <= dialogs
        assert messenger.chats_asked <= candidates
        assert set(ids(scene, "radist_chat_id", "radist_messages")) == set(whole), "whole dialogs"
        if known["is_truncated"]:
            feed = known["place"]["feed"]
            seen = len(feed["settled"].keys() | feed["walked"].keys())
            assert seen - listed <= contact_pages * CONTACTS_ON_A_PAGE
            listed = seen
        stored = len(whole)

    spoke = [number for number, chat in world.items() if chat.said]
    assert ids(scene, "radist_chat_id", "radist_chats") == spoke
    assert sorted(ids(scene, "radist_message_id", "radist_messages")) == sorted(
        f"{number}-{place}" for number, chat in world.items() for place in range(len(chat.said))
    )
    assert ids(scene, "radist_message_id", "radist_unfinished_messages") == []
