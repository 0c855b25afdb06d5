"""Five days of a tenant of which one is bad: what each asset shows, and what its retry mends."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from synkro_assets.commands.backfill import Backfill, run_backfill
from synkro_assets.domain.business_day import BusinessDay, days_between
from synkro_assets.domain.errors import UsageProblem
from synkro_assets.operations.platform import Platform
from synkro_assets.partitions import partition_key
from tests.runs import dagster_of, installed, rows_of, run, stored_rows
from tests.stage import DAY, Scene, Simulators, set_scene

LAST = BusinessDay(DAY + timedelta(days=4))
DAYS = days_between(DAY, LAST)
BAD = DAYS[2]


def scene_of_five_days(platform: Platform, simulators: Simulators, slug: str) -> Scene:
    scene = set_scene(platform, simulators, slug)
    for day in DAYS[1:]:
        simulators.load(scene.tenant, day)
    return scene


@contextmanager
def one_bad_day(scene: Scene, day: BusinessDay = BAD) -> Iterator[None]:
    """amoCRM refuses every question about a stretch of time that holds the day."""
    windows = [scene.tenant.config.calendar.window(each) for each in DAYS]
    held = scene.tenant.config.calendar.window(day)
    starts = "|".join(str(int(w.start.timestamp())) for w in windows if w.start <= held.start)
    ends = "|".join(str(int(w.end.timestamp()) - 1) for w in windows if w.end >= held.end)
    asked = rf"events\?.*from%5D=({starts})\b.*to%5D=({ends})\b"
    scene.simulators.break_requests("amocrm", asked, status=400)
    yield
    faults = scene.simulators.ask("GET", "faults")["faults"]
    assert faults[0]["hits"] >= 1, "the day was never asked for"
    scene.simulators.ask("DELETE", "faults")


def backfilled(scene: Scene, first: BusinessDay, last: BusinessDay) -> Backfill:
    with installed(scene.platform) as settings:
        return run_backfill(settings, scene.platform, scene.tenant, first, last, deliver=False)


def asset_page(scene: Scene) -> dict[str, dict[BusinessDay, str]]:
    """The state of each day on each asset's page, as Dagit computes it."""
    from synkro_assets.definitions import defs

    keys = {str(partition_key(scene.tenant.slug, day)): day for day in DAYS}
    graph = defs.resolve_asset_graph()
    with dagster_of(scene.platform) as instance:
        pages = {}
        for asset in graph.materializable_asset_keys:
            states = instance.get_status_by_partition(
                asset, list(keys), graph.get(asset).partitions_def
            )
            shown = {day: (states or {}).get(key) for key, day in keys.items()}
            pages["/".join(asset.path)] = {
                day: state.value if state else "MISSING" for day, state in shown.items()
            }
    elsewhere = ("delivery/", "export/")
    return {name: page for name, page in pages.items() if not name.startswith(elsewhere)}


def test_a_bad_day_costs_no_other_and_its_retry_completes_the_range(
    platform: Platform, simulators: Simulators
) -> None:
    scene = scene_of_five_days(platform, simulators, "five-days")
    with one_bad_day(scene):
        first = backfilled(scene, DAY, LAST)
    assert [day for day in DAYS if day in first.failed] == [BAD]
    assert "amoCRM answered 400" in first.failed[BAD]
    assert first.done == set(DAYS) - {BAD}
    for name, page in asset_page(scene).items():
        good = {day: "MATERIALIZED" for day in DAYS if day != BAD}
        # Phones are looked up once both sources are read: that was never tried.
        if name.startswith("raw/amocrm") and name != "raw/amocrm_phone_lookups":
            assert page == good | {BAD: "FAILED"}, name
        elif name.startswith("raw/radist"):
            assert page == good | {BAD: "MATERIALIZED"}, name
        else:
            assert page == good | {BAD: "MISSING"}, name

    retried = backfilled(scene, BAD, BAD)
    assert (retried.done, retried.failed) == ({BAD}, {})
    for name, page in asset_page(scene).items():
        assert page == dict.fromkeys(DAYS, "MATERIALIZED"), name
    assert scene.chat() == [], "past days send nothing unless asked"
    told = scene.rows("select trigger_type, status, error from app.job_runs order by job_run_id")
    assert {row["trigger_type"] for row in told} == {"backfill"}
    assert told[0]["status"] == "failed"
    assert "1 of 5 days failed: 2026-03-07: amoCRM answered 400" in told[0]["error"]
    assert {row["status"] for row in told[1:]} == {"success"}


def test_a_range_stores_what_its_days_store_one_by_one(
    platform: Platform, simulators: Simulators
) -> None:
    together = scene_of_five_days(platform, simulators, "together")
    backfilled(together, DAY, LAST)
    before = stored_rows(together)
    for day in DAYS:
        run(together.on(day), deliver=False)
    again = stored_rows(together)
    for table in before:
        if table not in {"app.deliveries", "app.reports"}:
            assert again[table] == before[table], table


def test_a_range_that_reaches_an_open_day_is_refused_and_leaves_nothing(
    platform: Platform, simulators: Simulators
) -> None:
    scene = set_scene(platform, simulators, "hasty")
    today = scene.tenant.config.calendar.label(platform.clock.now())
    with pytest.raises(UsageProblem, match="has not ended"):
        backfilled(scene, DAY, today)
    with pytest.raises(UsageProblem, match="is later than"):
        backfilled(scene, LAST, DAY)
    with pytest.raises(UsageProblem, match="SYNKRO_FIRST_BUSINESS_DAY"):
        backfilled(scene, BusinessDay(DAY.replace(year=2020)), DAY)
    assert rows_of(scene, "app.job_runs") == []
