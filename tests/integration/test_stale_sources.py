"""A source that stays down: what is stored makes the report, which says how old it is."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dagster import AssetCheckSeverity

from synkro_assets.assets.day_outcomes import Metadata
from synkro_assets.assets.raw_radist import radist_source
from synkro_assets.assets.raw_specs import load_days
from synkro_assets.domain.errors import WorkFailed
from synkro_assets.operations.day_batches import DayOutcomes
from synkro_assets.operations.stopped_accounts import Look, try_again
from tests.integration.amocrm_connected import Connected
from tests.integration.conftest import Reported
from tests.integration.test_daily_report_in_dagster import checks
from tests.integration.test_stopped_account import FixedClock, ban
from tests.runs import claimed, dagster_of, rows_of, run
from tests.stage import Scene

RAW = ("raw.radist_chats", "raw.radist_messages", "raw.amocrm_events", "raw.amocrm_leads")


def source_days(scene: Scene) -> dict[str, dict[str, Any]]:
    rows = scene.rows("select * from app.source_days where business_day = %s", scene.day)
    return {row["source"]: row for row in rows}


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("source", "path", "said"),
    [
        ("radist", "messages", "Неполный отчёт: переписку из Radist прочитать не удалось"),
        ("amocrm", "events", "Неполный отчёт: сделки из amoCRM прочитать не удалось"),
    ],
)
def test_a_stored_day_is_reported_as_of_its_last_reading_until_the_source_is_back(
    reported: Reported, copied: Scene, source: str, path: str, said: str
) -> None:
    whole = reported.outcome
    before = {table: rows_of(copied, table) for table in RAW}
    as_of = source_days(copied)[source]["data_as_of"]
    copied.simulators.break_requests(source, path, status=503)

    stale = run(copied)

    assert said in stale.report.summary_text
    assert stale.report.metadata["incomplete"] is True
    assert stale.report.metadata["data_as_of"] == as_of.isoformat()
    assert {table: rows_of(copied, table) for table in RAW} == before
    assert source_days(copied)[source]["last_error"] is not None
    (warning,) = copied.rows("select message from app.job_run_events where level = 'warning'")
    assert "the report is made from what was stored" in warning["message"]
    with dagster_of(copied.platform) as instance:
        (check,) = [c for c in checks(instance, stale.run_ids[0]) if not c.passed]
    assert (check.check_name, check.severity) == ("sources_read_whole", AssetCheckSeverity.WARN)

    copied.simulators.calm()
    again = run(copied)

    assert again.report.summary_text == whole.report.summary_text.replace(
        whole.report.summary_text.split("собраны ")[1].split(".")[0],
        again.report.summary_text.split("собраны ")[1].split(".")[0],
    )
    assert "incomplete" not in again.report.metadata
    assert source_days(copied)[source]["last_error"] is None


def stop_paying(scene: Scene) -> None:
    scene.simulators.switch(amocrm_unpaid=True)


def look(scene: Scene, **later: float) -> Look:
    """A look at the held runs, some time from now."""
    clock = FixedClock(datetime.now(UTC) + timedelta(**later))
    return try_again(replace(scene.platform, clock=clock))


def local_day(scene: Scene, seconds: float) -> date:
    """The tenant's calendar day of a moment in unix seconds."""
    return datetime.fromtimestamp(seconds, ZoneInfo(str(scene.tenant.timezone))).date()


def held(scene: Scene) -> list[dict[str, Any]]:
    return scene.rows("select * from app.job_runs where waits_for = 'amocrm'")


@pytest.mark.parametrize(
    ("stop", "said"), [(ban, "refuses every request"), (stop_paying, "not paid")]
)
def test_a_stopped_account_costs_a_stored_day_its_freshness_until_it_answers_again(
    copied: Scene, stop: Callable[[Scene], None], said: str
) -> None:
    (sent,) = copied.rows("select summary_text from app.reports")
    chat, as_of = copied.chat(), source_days(copied)["amocrm"]["data_as_of"]
    stop(copied)

    stale = run(copied)

    assert "Неполный отчёт: сделки из amoCRM прочитать не удалось" in stale.report.summary_text
    assert stale.report.metadata["data_as_of"] == as_of.isoformat()
    assert said in source_days(copied)["amocrm"]["last_error"]
    (alert,) = copied.chat()[len(chat) :]
    assert said in alert["text"]
    assert [each["status"] for each in held(copied)] == ["pending"]

    copied.simulators.calm()
    assert look(copied, minutes=10) == Look(0, 0, 0)
    assert look(copied, minutes=20) == Look(let_go=1, put_off=0, given_up=0)
    again = run(copied)

    assert "incomplete" not in again.report.metadata
    assert "Неполный" not in again.report.summary_text
    assert len(again.report.summary_text.splitlines()) == len(sent["summary_text"].splitlines())
    assert copied.chat() == [*chat, alert], "the day is sent once"


def test_spent_tokens_cost_a_stored_day_its_freshness_until_somebody_connects_again(
    scene: Scene,
) -> None:
    connected = Connected(scene)
    run(scene)
    chat, good = scene.chat(), connected.pair
    connected.save(expires_in=0, refresh_token="spent")

    stale = run(scene)

    assert "Неполный отчёт: сделки из amoCRM прочитать не удалось" in stale.report.summary_text
    assert "connect amoCRM again" in source_days(scene)["amocrm"]["last_error"]
    assert connected.held()["last_error"].startswith("reconnect amoCRM")
    (alert,) = scene.chat()[len(chat) :]
    requests = len(connected.token_requests())
    assert look(scene, minutes=50) == Look(0, 0, 0)
    assert look(scene, minutes=70) == Look(let_go=0, put_off=1, given_up=0)
    assert len(connected.token_requests()) == requests, "a spent token is not sent again"
    told = scene.chat()[len(chat) :]
    assert told[0] == alert
    days = {local_day(scene, alert["date"]), local_day(scene, time.time() + 70 * 60)}
    assert len(told) == len(days), "people are told once a day"

    connected.pair = good
    connected.save()
    assert look(scene, minutes=140) == Look(let_go=1, put_off=0, given_up=0)
    again = run(scene)

    assert "incomplete" not in again.report.metadata
    assert connected.held()["last_error"] is None
    assert scene.chat() == [*chat, *told]


@pytest.mark.usefixtures("impatient")
def test_a_refused_key_fails_the_day_although_rows_are_stored(copied: Scene) -> None:
    copied.connect("radist", api_key="rk_wrong_key")
    with pytest.raises(WorkFailed, match="Radist"):
        run(copied)
    assert source_days(copied)["radist"]["last_error"] is None


def load_radist(scene: Scene) -> DayOutcomes[Metadata]:
    """What loading the day's messages comes to, without what is made from them."""
    with claimed(scene) as begun:
        source = radist_source(begun, lambda _: None)
        return load_days(begun, source, "a run", lambda _: None)


def test_a_day_that_answers_far_less_than_is_stored_changes_nothing(scene: Scene) -> None:
    load_radist(scene)
    with scene.platform.database.tenant_transaction(scene.tenant.tenant_id) as connection:
        connection.execute(
            "insert into raw.radist_messages (tenant_id, business_day, fetched_at, run_id, "
            "radist_message_id, radist_chat_id, direction, created_at, payload) "
            "select tenant_id, business_day, fetched_at, run_id, radist_message_id || copy, "
            "radist_chat_id, direction, created_at, payload from raw.radist_messages, "
            "generate_series(1, 2) as copy"
        )
    before = rows_of(scene, "raw.radist_messages")

    outcomes = load_radist(scene)

    assert outcomes.failed == {}
    assert rows_of(scene, "raw.radist_messages") == before
    assert "that are stored" in source_days(scene)["radist"]["last_error"]


@pytest.mark.usefixtures("impatient")
def test_a_day_of_which_nothing_is_stored_fails(scene: Scene) -> None:
    scene.simulators.break_requests("radist", "messages", status=503)
    outcomes = load_radist(scene)
    assert list(outcomes.failed) == [scene.day]
    assert source_days(scene) == {}
