"""Facts of windows that are no day, against what really happened; and who waits at their ends.

Two days of one company, run one after the other. A customer of one day also writes a little before
or after it, so the days are not strangers to each other.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from synkro_assets.domain.business_day import BusinessDay, Window
from synkro_assets.domain.facts import Fact, WaitingDialog
from synkro_assets.operations.platform import Platform, SystemClock
from synkro_assets.operations.report_checks import unequal_facts
from synkro_assets.settings import PROJECT_ROOT
from synkro_assets.storage.database import Database
from synkro_assets.storage.facts import compute_facts, daily_period_key, stored_facts
from synkro_assets.storage.key_ring import configured_ring
from synkro_assets.storage.marts import manager_names, newest_fetch, waiting_dialogs_of_window
from synkro_assets.storage.transforms import TransformProject
from tests.databases import disconnect_all, scratch_database
from tests.day_truth import DayFigures, Subject, Truth, window_figures
from tests.runs import claimed, run
from tests.stage import Scene, Simulators, set_scene

FIRST, LAST = BusinessDay(date(2026, 3, 5)), BusinessDay(date(2026, 3, 6))
MOSCOW = ZoneInfo("Europe/Moscow")

# Local times; a day closes at 22:01.
WINDOWS = {
    "the middle of a day": ("03-05 10:00", "03-05 16:00"),
    "a day until noon": ("03-05 22:01", "03-06 12:00"),
    "from noon to the day's end": ("03-06 12:00", "03-06 22:01"),
    "over the boundary of two days": ("03-05 15:00", "03-06 15:00"),
    "an hour on either side of it": ("03-05 21:00", "03-05 23:00"),
    "both days": ("03-04 22:01", "03-06 22:01"),
    "a minute": ("03-06 11:00", "03-06 11:01"),
}


@dataclass(frozen=True, slots=True)
class TwoDays:
    """The company after both runs, and the truth of both days."""

    scene: Scene
    truths: list[Truth]

    def days_of(self, window: Window) -> tuple[BusinessDay, BusinessDay]:
        """The business days that a window touches; one that ends with a day ends in it."""
        calendar = self.scene.tenant.config.calendar
        return (
            calendar.label(window.start),
            calendar.label(window.end - timedelta(microseconds=1)),
        )

    def facts(self, window: Window) -> list[Fact]:
        tenant_id = self.scene.tenant.tenant_id
        with self.scene.platform.database.tenant_transaction(tenant_id) as connection:
            return compute_facts(connection, tenant_id, *self.days_of(window), window)

    def waiting(self, window: Window) -> list[WaitingDialog]:
        tenant_id = self.scene.tenant.tenant_id
        with self.scene.platform.database.tenant_transaction(tenant_id) as connection:
            return waiting_dialogs_of_window(connection, tenant_id, *self.days_of(window), window)

    def truly(self, window: Window) -> DayFigures:
        return window_figures(self.truths, window.start, window.end)


@pytest.fixture(scope="module")
def two_days(
    server_url: str,
    template: str,
    simulator_session: Simulators,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[TwoDays]:
    """Both days, run in their order; tests do not change them."""
    simulator_session.calm()
    home = tmp_path_factory.mktemp("windows")
    with scratch_database(server_url, template) as url:
        platform = Platform(Database(url), configured_ring(None, home), SystemClock(), home)
        first = set_scene(platform, simulator_session, "windows", day=FIRST)
        scenes = [first, first.on(LAST)]
        for scene in scenes:
            run(scene, deliver=False)
        yield TwoDays(first, [scene.truth() for scene in scenes])


@pytest.fixture(params=WINDOWS, ids=lambda name: name.replace(" ", "-"))
def window(request: pytest.FixtureRequest) -> Window:
    return window_named(request.param)


def window_named(name: str) -> Window:
    start, end = (local(text) for text in WINDOWS[name])
    return Window(start, end)


def local(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=MOSCOW)


def figures_of(facts: list[Fact]) -> DayFigures:
    """Facts in the shape of the truth: nothing that is zero or was not measured."""
    found = DayFigures()
    for fact in facts:
        if not fact.value:
            continue
        if fact.subject_type == "loss_reason":
            found.loss_reasons[fact.subject_id] += int(fact.value)
        else:
            subject: Subject = int(fact.subject_id) if fact.subject_id else None
            found.values[subject, fact.metric] = fact.value
    return found


def test_every_fact_of_a_window_is_what_really_happened(two_days: TwoDays, window: Window) -> None:
    told, truly = figures_of(two_days.facts(window)), two_days.truly(window)

    assert told.values == truly.values
    assert told.loss_reasons == truly.loss_reasons


def test_the_windows_put_every_fact_to_the_test(two_days: TwoDays) -> None:
    metrics = {fact.metric for fact in two_days.facts(window_named("both days"))}
    of_managers, of_company = (
        {
            metric
            for name in WINDOWS
            for who, metric in two_days.truly(window_named(name)).values
            if (who is None) == is_company
        }
        for is_company in (False, True)
    )

    # Here amoCRM answers every lookup; test_phone_lookups has it fail.
    metrics -= {"dialogs_not_looked_up"}
    assert of_company == metrics
    assert of_managers == metrics - {"dialogs_without_manager"}


def test_an_empty_window_has_zeros_and_nothing_measured(two_days: TwoDays) -> None:
    moments = sorted(
        datetime.fromisoformat(each["created_at"])
        for truth in two_days.truths
        for each in [m for d in truth["dialogs"] for m in d["messages"]] + truth["events"]
        if two_days.scene.window.start < datetime.fromisoformat(each["created_at"])
    )
    gap, start = max((after - before, before) for before, after in pairwise(moments))
    window = Window(start + gap / 3, start + 2 * gap / 3)
    told = two_days.facts(window)

    by_metric = {fact.metric: fact for fact in told if fact.subject_type == "tenant"}
    still_waiting = by_metric.pop("dialogs_waiting_from_earlier_days")
    assert still_waiting.value == len(two_days.waiting(window))
    for fact in by_metric.values():
        assert fact.value == (None if fact.unit == "minutes" else 0), fact.metric
    assert figures_of(told).values == two_days.truly(window).values


@pytest.mark.parametrize("day", [FIRST, LAST])
def test_a_whole_day_is_the_daily_facts_to_the_byte(two_days: TwoDays, day: BusinessDay) -> None:
    scene = replace(two_days.scene, day=day)
    with claimed(scene) as begun:
        assert unequal_facts(begun, day) == []
        with begun.transaction() as connection:
            tenant_id = scene.tenant.tenant_id
            stored = stored_facts(connection, tenant_id, daily_period_key(day))

    assert repr(two_days.facts(scene.window)) == repr(stored)


TILED = (
    "messages_in", "messages_out", "replies", "leads_created",
)  # fmt: skip


@pytest.mark.parametrize("metric", TILED)
@pytest.mark.parametrize("hour", [11, 14, 23, 37])
def test_what_is_counted_in_parts_adds_up(two_days: TwoDays, metric: str, hour: int) -> None:
    whole = Window(two_days.scene.window.start, replace(two_days.scene, day=LAST).window.end)
    cut = whole.start + timedelta(hours=hour)
    parts = [
        figures_of(two_days.facts(part)).of(metric)
        for part in (Window(whole.start, cut), Window(cut, whole.end))
    ]

    assert all(parts)
    assert sum(parts) == figures_of(two_days.facts(whole)).of(metric)


def test_who_waits_are_the_dialogs_that_the_facts_count(two_days: TwoDays, window: Window) -> None:
    told, waiting = figures_of(two_days.facts(window)), two_days.waiting(window)
    active = [dialog for dialog in waiting if dialog.is_active]

    assert told.of("dialogs_unanswered") == len(active)
    assert told.of("dialogs_waiting_from_earlier_days") == len(waiting) - len(active)
    longest = max((dialog.calendar_minutes for dialog in active), default=Decimal(0))
    assert abs(told.of("longest_wait_calendar") - longest) <= Decimal("0.005")
    assert [dialog.since for dialog in waiting] == sorted(dialog.since for dialog in waiting)


def test_the_last_words_shown_were_said_before_the_windows_end(
    two_days: TwoDays, window: Window
) -> None:
    said = {
        str(dialog["chat_id"]): [
            message
            for message in sorted(dialog["messages"], key=lambda each: each["created_at"])
            if message["direction"] == "inbound" and message["text"]
            if datetime.fromisoformat(message["created_at"]) < window.end
        ]
        for truth in two_days.truths
        for dialog in truth["dialogs"]
    }

    for dialog in two_days.waiting(window):
        assert dialog.since < window.end
        assert dialog.last_customer_text == said[dialog.dialog_id][-1]["text"].strip()


def test_at_a_days_end_those_wait_that_the_days_mart_holds(two_days: TwoDays) -> None:
    scene = replace(two_days.scene, day=LAST)
    rows = scene.rows(
        "select radist_chat_id::text as dialog_id, contact_name, phone_e164 as phone, "
        "waiting_since_at as since, waiting_calendar_minutes as calendar_minutes, "
        "waiting_working_minutes as working_minutes, last_customer_text, "
        "amocrm_user_id::text as manager_id, is_active_in_day as is_active, "
        "connection_type as channel from marts.fct_waiting_dialogs where business_day = %s "
        "order by waiting_since_at, radist_chat_id",
        LAST,
    )

    assert two_days.waiting(scene.window) == [WaitingDialog(**row) for row in rows]
    assert len(rows) > 5


def test_what_comes_after_a_window_changes_nothing_of_it(
    two_days: TwoDays, server_url: str
) -> None:
    """As when the day is still open: the marts hold what was written up to now."""
    window = window_named("a day until noon")
    before, waiting = two_days.facts(window), two_days.waiting(window)
    database_url = two_days.scene.platform.database.url
    disconnect_all(server_url, database_url)
    with scratch_database(server_url, database_url) as url:
        scene = two_days.scene
        database, tenant_id = Database(url), scene.tenant.tenant_id
        open_day = replace(
            two_days, scene=replace(scene, platform=replace(scene.platform, database=database))
        )
        with database.tenant_transaction(tenant_id) as connection:
            for table in ("radist_messages", "amocrm_events"):
                cut = connection.execute(
                    f"delete from raw.{table} where created_at >= %s", [window.end]
                )
                assert cut.rowcount > 0
        project = TransformProject(PROJECT_ROOT / "dbt_project")
        project.build_days(database, tenant_id, [LAST], lambda _: None)

        assert open_day.facts(window) == before
        assert open_day.waiting(window) == waiting


def test_names_and_freshness_are_those_of_all_the_days(two_days: TwoDays) -> None:
    tenant_id = two_days.scene.tenant.tenant_id
    with two_days.scene.platform.database.tenant_transaction(tenant_id) as connection:
        names = manager_names(connection, tenant_id, FIRST, LAST)
        fetched = newest_fetch(connection, tenant_id, FIRST, LAST)
        of_first = newest_fetch(connection, tenant_id, FIRST, FIRST)

    people = two_days.truths[0]["managers"]
    assert names == {str(each["id"]): each["name"] for each in people}
    assert fetched is not None
    assert of_first is not None
    assert fetched > of_first
