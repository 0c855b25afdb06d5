"""A report on a window of time: its own facts and row, and the days it touches left as they are."""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from synkro_assets.commands.run import DayRun, run_window
from synkro_assets.domain.business_day import BusinessDay, Window
from synkro_assets.domain.errors import UsageProblem
from synkro_assets.operations.forced_report import period_key
from synkro_assets.operations.platform import Platform, SystemClock
from tests.runs import dagster_of, installed, run
from tests.stage import Scene, Simulators, set_scene


@pytest.fixture
def scene(platform: Platform, simulators: Simulators) -> Scene:
    """A tenant whose latest closed day is reported and whose open day has begun."""
    now = datetime.now(UTC)
    platform = replace(platform, clock=SystemClock())
    scene = set_scene(
        platform, simulators, f"forced-{os.urandom(3).hex()}", day=BusinessDay(now.date())
    )
    closed = scene.tenant.config.calendar.latest_closed(now)
    for day in (closed, BusinessDay(closed + timedelta(days=1))):
        scene.on(day)
    return replace(scene, day=closed)


def forced(scene: Scene, window: Window, *, deliver: bool = False) -> DayRun:
    with installed(scene.platform) as settings:
        return run_window(settings, scene.platform, scene.tenant, window, deliver=deliver)


def daily(scene: Scene) -> dict[str, list[dict[str, Any]]]:
    """What is stored of daily facts and reports, to the byte."""
    return {
        "facts": scene.rows(
            "select facts::text as row from app.report_facts as facts "
            "where period_key like 'day:%%' order by period_key, fact_id"
        ),
        "reports": scene.rows(
            "select reports::text as row from app.reports as reports where report_type = 'daily'"
        ),
    }


def test_a_forced_report_leaves_the_days_it_touches_byte_for_byte_as_they_are(
    scene: Scene,
) -> None:
    run(scene, deliver=False)
    before = daily(scene)
    assert before["facts"]
    end = scene.window.end
    window = Window(end - timedelta(hours=6), min(end + timedelta(hours=3), datetime.now(UTC)))
    made = forced(scene, window)
    assert daily(scene) == before
    assert made.report.report_type == "forced"
    assert (made.report.window_start, made.report.window_end) == (window.start, window.end)
    assert made.parts == []
    key = period_key(window)
    facts = scene.rows("select metric, value from app.report_facts where period_key = %s", key)
    assert {fact["metric"] for fact in facts} >= {"dialogs", "leads_created", "replies"}
    (entry,) = scene.rows("select * from app.job_runs where job_type = 'forced_report'")
    assert (entry["status"], entry["window_start"]) == ("success", window.start)
    assert entry["first_business_day"] == scene.day


def test_an_open_day_is_observed_and_not_called_materialized(scene: Scene) -> None:
    from dagster import DagsterEventType

    now = datetime.now(UTC)
    # No longer than a day, whatever the time is, and begun before the last closed day ended.
    start = max(scene.window.end - timedelta(hours=1), now - timedelta(hours=24))
    made = forced(scene, Window(start, now))
    open_day = scene.tenant.config.calendar.label(now)
    found = {}
    with dagster_of(scene.platform) as instance:
        for kind in (DagsterEventType.ASSET_MATERIALIZATION, DagsterEventType.ASSET_OBSERVATION):
            events = [record.dagster_event for record in instance.all_logs(made.run_ids[0], kind)]
            found[kind] = {
                event.partition
                for event in events
                if event and event.asset_key and event.asset_key.path[-1] == "fct_dialogs"
            }
    assert found[DagsterEventType.ASSET_MATERIALIZATION] == {f"{scene.day}|{scene.tenant.slug}"}
    assert found[DagsterEventType.ASSET_OBSERVATION] == {f"{open_day}|{scene.tenant.slug}"}


def test_a_forced_report_is_sent_when_asked_and_each_one_is_a_row_of_its_own(scene: Scene) -> None:
    window = Window(scene.window.end - timedelta(hours=8), scene.window.end - timedelta(hours=2))
    first = forced(scene, window, deliver=True)
    assert [message["message_id"] for message in scene.chat()] == [
        int(part.provider_message_id or 0) for part in first.parts
    ]
    assert first.parts, "something was sent"
    second = forced(scene, window)
    assert second.report.report_id != first.report.report_id
    assert second.parts == []
    assert len(scene.chat()) == len(first.parts)


def test_a_window_beyond_the_limits_is_refused_and_leaves_nothing(scene: Scene) -> None:
    now = datetime.now(UTC)
    with pytest.raises(UsageProblem, match="max_force_window_hours=24"):
        forced(scene, Window(now - timedelta(hours=25), now))
    with pytest.raises(UsageProblem, match="max_force_lookback_days=3"):
        forced(scene, Window(now - timedelta(days=4), now - timedelta(days=3, hours=20)))
    with pytest.raises(UsageProblem, match="ends in the future"):
        forced(scene, Window(now, now + timedelta(hours=1)))
    assert scene.rows("select 1 from app.job_runs") == []
