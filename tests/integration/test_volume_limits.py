"""A tenant's volume limits: a run is bounded, and the runs after it read what it left."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from synkro_assets.assets.raw_amocrm import amocrm_source
from synkro_assets.assets.raw_radist import radist_source
from synkro_assets.assets.raw_specs import Source, load_days
from synkro_assets.operations.stopped_accounts import Look, try_again
from tests.integration.test_stopped_account import FixedClock
from tests.runs import claimed, rows_of
from tests.stage import Scene

FEEDS = ("raw.radist_chats", "raw.radist_messages")
CRM = ("raw.amocrm_leads", "raw.amocrm_contacts", "raw.amocrm_lead_contacts", "raw.amocrm_events")


def load(
    scene: Scene, source: Callable[..., Source] = radist_source, **limits: int
) -> dict[str, Any]:
    """Load the day of a source under limits; what is then known of it."""
    config = replace(scene.tenant.config, **limits)
    bounded = replace(scene, tenant=replace(scene.tenant, config=config))
    with claimed(bounded) as begun:
        asked = source(begun, lambda _: None)
        outcomes = load_days(begun, asked, "a run", lambda _: None)
    outcomes.require_all_done()
    (row,) = scene.rows(
        "select is_truncated, cuts, place from app.source_days where source = %s", asked.name
    )
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


@pytest.mark.parametrize(
    ("limit", "value", "bounded"),
    [("max_amo_leads", 7, "raw.amocrm_leads"), ("max_amo_contacts", 5, "raw.amocrm_contacts")],
)
def test_a_crm_day_is_read_by_as_many_runs_as_its_limit_asks_for(
    scene: Scene, limit: str, value: int, bounded: str
) -> None:
    runs = stored = 0
    while True:
        known = load(scene, amocrm_source, **{limit: value})
        runs, before, stored = runs + 1, stored, len(rows_of(scene, bounded))
        assert stored - before <= value
        if not known["is_truncated"]:
            break
        (cut,) = known["cuts"]
        assert (cut["limit"], cut["value"], cut["unit"]) == (limit, value, "leads")
        assert stored > before, "each run makes progress"
    assert runs >= -(-stored // value) > 1
    read = {table: rows_of(scene, table) for table in CRM}

    assert load(scene, amocrm_source)["cuts"] == []

    assert {table: rows_of(scene, table) for table in CRM} == read
    again = load(scene, amocrm_source, **{limit: value})
    assert not again["is_truncated"], "a whole day stays whole"
    asked = scene.rows("select 1 from app.job_runs where status = 'pending'")
    assert len(asked) == runs - 1, "each cut asks for one more run"


def test_a_lead_of_a_cut_day_is_stored_with_all_its_contacts(scene: Scene) -> None:
    load(scene, amocrm_source, max_amo_leads=3, max_amo_contacts=4)

    unread = scene.rows(
        "select 1 from raw.amocrm_lead_contacts as link left join raw.amocrm_contacts as contact "
        "using (tenant_id, amocrm_contact_id) where contact.amocrm_contact_id is null"
    )
    leads = {row["amocrm_lead_id"] for row in rows_of(scene, "raw.amocrm_leads")}
    links = {row["amocrm_lead_id"] for row in rows_of(scene, "raw.amocrm_lead_contacts")}
    assert unread == []
    assert 0 < len(leads) <= 3
    assert links <= leads


HELD = "raw.radist_unfinished_messages"


@pytest.mark.parametrize("limit", ["max_radist_contact_pages", "max_radist_message_pages"])
def test_a_day_of_more_pages_than_a_run_may_read_is_read_by_several(
    scene: Scene, limit: str
) -> None:
    scene.simulators.switch(radist_max_limit=6)
    runs, most_held = 1, 0
    while (known := load(scene, **{limit: 1}))["is_truncated"]:
        (cut,) = known["cuts"]
        assert (cut["limit"], cut["value"]) == (limit, 1)
        assert cut["read"] == len(rows_of(scene, FEEDS[0]))
        held = rows_of(scene, HELD)
        whole = {row["radist_chat_id"] for row in rows_of(scene, FEEDS[0])}
        assert whole.isdisjoint(row["radist_chat_id"] for row in held), "whole dialogs only"
        assert whole == {row["radist_chat_id"] for row in rows_of(scene, FEEDS[1])}
        runs, most_held = runs + 1, max(most_held, len(held))
        assert runs < 60, "the runs come to an end"
    assert runs > 2
    assert (most_held > 0) is (limit == "max_radist_message_pages")
    assert rows_of(scene, HELD) == []
    bounded = {table: rows_of(scene, table) for table in FEEDS}
    asked = scene.rows("select 1 from app.job_runs where status = 'pending'")
    assert len(asked) == runs - 1, "each cut asks for one more run"

    assert load(scene)["cuts"] == []

    assert {table: rows_of(scene, table) for table in FEEDS} == bounded
    assert not load(scene, **{limit: 1})["is_truncated"], "a whole day stays whole"
    assert {table: rows_of(scene, table) for table in FEEDS} == bounded


def later(scene: Scene, since: datetime, minutes: int) -> Scene:
    clock = FixedClock(since + timedelta(minutes=minutes))
    return replace(scene, platform=replace(scene.platform, clock=clock))


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("source", "path", "limit"),
    [
        (radist_source, "messages", "radist_fetch_limit"),
        (amocrm_source, "leads", "max_amo_leads"),
    ],
    ids=["radist", "amocrm"],
)
def test_a_run_that_cannot_go_on_is_asked_for_again_later_each_time_but_not_for_ever(
    scene: Scene, source: Callable[..., Source], path: str, limit: str
) -> None:
    now, limits = datetime.now(UTC), {limit: 7}
    name = source.__name__.removesuffix("_source")
    pauses, minutes = [15, 60, 360], 0
    load(scene, source, **limits)
    scene.simulators.break_requests(name, path, status=503)

    for failures, pause in enumerate(pauses, start=1):
        assert load(later(scene, now, minutes), source, **limits)["is_truncated"]
        held = scene.rows(
            "select status, not_before, waits_for from app.job_runs where waits_for is not null "
            "order by job_run_id"
        )
        minutes += pause
        assert len(held) == failures
        assert held[-1] == {
            "status": "pending",
            "not_before": now + timedelta(minutes=minutes),
            "waits_for": name,
        }
        at = later(scene, now, minutes).platform
        assert try_again(at) == Look(let_go=1, put_off=0, given_up=0)
    load(later(scene, now, minutes), source, **limits)
    assert len(scene.rows("select 1 from app.job_runs where waits_for is not null")) == len(pauses)

    scene.simulators.calm()
    table = FEEDS[0] if name == "radist" else CRM[0]
    before = len(rows_of(scene, table))
    load(later(scene, now, minutes), source, **limits)
    assert len(rows_of(scene, table)) > before
    scene.simulators.break_requests(name, path, status=503)
    load(later(scene, now, minutes), source, **limits)
    held = scene.rows("select max(not_before) as at from app.job_runs where waits_for is not null")
    assert held[0]["at"] == now + timedelta(minutes=minutes + 15), "what came on is new"


@pytest.mark.usefixtures("impatient")
def test_a_whole_day_whose_source_is_away_is_not_asked_for_again(scene: Scene) -> None:
    load(scene)
    scene.simulators.break_requests("radist", "messages", status=503)
    load(scene)
    assert scene.rows("select 1 from app.job_runs where status = 'pending'") == []
