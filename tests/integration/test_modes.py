"""A company whose mode changes from day to day: each day reports what it read and nothing else.

Thursday reads both sources, Friday the messenger only, Saturday the CRM only, Sunday both again.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from synkro_assets.domain.business_day import BusinessDay
from synkro_assets.domain.facts import Fact, WaitingDialog
from synkro_assets.operations.platform import Platform, SystemClock
from synkro_assets.operations.report_checks import unequal_facts
from synkro_assets.operations.tenant_config import set_tenant
from synkro_assets.storage.database import Database
from synkro_assets.storage.facts import daily_period_key, store_facts, stored_facts
from synkro_assets.storage.key_ring import configured_ring
from synkro_assets.storage.marts import waiting_dialogs_of_window
from tests.databases import scratch_database
from tests.day_truth import Truth, window_figures
from tests.runs import claimed, run, stored_rows
from tests.stage import Scene, Simulators, set_scene

MIXED, RADIST, AMOCRM, AGAIN = (BusinessDay(date(2026, 3, day)) for day in (5, 6, 7, 8))
MODES = {
    MIXED: "amocrm_radist", RADIST: "radist_only", AMOCRM: "amocrm_only", AGAIN: "amocrm_radist",
}  # fmt: skip
OF_DEALS = {
    "leads_created", "leads_moved", "leads_won", "leads_won_amount", "leads_lost",
    "leads_lost_amount",
}  # fmt: skip
OF_BOTH = {"dialogs_without_deal", "dialogs_not_looked_up", "dialogs_without_manager"}


@dataclass(frozen=True, slots=True)
class Told:
    """What a day left: the report's text, the providers it asked, the facts and who waits."""

    scene: Scene
    truth: Truth
    text: str
    asked: set[str]
    facts: list[Fact]
    waiting: list[WaitingDialog]

    def values(self, subject_type: str) -> dict[str, Decimal]:
        """The sums of the facts by metric, over the subjects of a type."""
        found: Counter[str] = Counter()
        for fact in self.facts:
            if fact.subject_type == subject_type and fact.value is not None:
                found[fact.metric] += fact.value
        return dict(found)


@pytest.fixture(scope="module")
def week(
    server_url: str,
    template: str,
    simulator_session: Simulators,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[BusinessDay, Told]]:
    """The four days, each run in its own mode."""
    simulator_session.calm()
    home = tmp_path_factory.mktemp("modes")
    with scratch_database(server_url, template) as url:
        platform = Platform(Database(url), configured_ring(None, home), SystemClock(), home)
        first = set_scene(platform, simulator_session, "changing-modes", day=MIXED)
        scenes = [first if day == MIXED else first.on(day) for day in MODES]
        yield {scene.day: told(in_mode(scene, MODES[scene.day])) for scene in scenes}


def told(scene: Scene) -> Told:
    scene.simulators.ask("DELETE", "log")
    outcome = run(scene, deliver=False)
    asked = set(scene.simulators.ask("GET", "log")["summary"])
    with scene.platform.database.tenant_transaction(scene.tenant.tenant_id) as connection:
        of_day = (connection, scene.tenant.tenant_id)
        facts = stored_facts(*of_day, daily_period_key(scene.day))
        waiting = waiting_dialogs_of_window(*of_day, scene.day, scene.day, scene.window)
    return Told(scene, scene.truth(), outcome.report.summary_text, asked, facts, waiting)


def in_mode(scene: Scene, mode: str) -> Scene:
    """The same tenant with another mode from now on."""
    tenant = set_tenant(scene.platform, scene.tenant.slug, [f"mode={mode}"])
    return replace(scene, tenant=tenant)


def true_values(
    week: dict[BusinessDay, Told], day: BusinessDay, *read: BusinessDay
) -> dict[str, Decimal]:
    """What really happened to the company on a day, as far as a source was asked on ``read``."""
    truths = [told.truth for told in week.values()]
    window = week[day].scene.window
    found = window_figures(
        truths, window.start, window.end, read=[week[each].truth for each in read]
    )
    return {metric: value for (who, metric), value in found.values.items() if who is None}


def not_zero(values: dict[str, Decimal]) -> dict[str, Decimal]:
    return {metric: value for metric, value in values.items() if value}


def of_dialogs(values: dict[str, Decimal]) -> dict[str, Decimal]:
    """Without deals, and without what only both sources together know."""
    left = values.keys() - OF_DEALS - OF_BOTH
    return {metric: values[metric] for metric in left}


def of_deals(values: dict[str, Decimal]) -> dict[str, Decimal]:
    return {metric: values[metric] for metric in values.keys() & OF_DEALS}


def marts_of(told: Told, mart: str) -> list[dict[str, Any]]:
    return told.scene.rows(f"select * from marts.{mart} where business_day = %s", told.scene.day)


def test_a_day_asks_only_the_sources_of_its_mode(week: dict[BusinessDay, Told]) -> None:
    asked = {day: told.asked & {"amocrm", "radist"} for day, told in week.items()}

    assert asked == {
        MIXED: {"amocrm", "radist"}, RADIST: {"radist"}, AMOCRM: {"amocrm"},
        AGAIN: {"amocrm", "radist"},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("day", "read"), [(MIXED, [MIXED]), (RADIST, [MIXED, RADIST]), (AGAIN, [MIXED, RADIST, AGAIN])]
)
def test_a_day_that_reads_conversations_tells_what_happened_in_them(
    week: dict[BusinessDay, Told], day: BusinessDay, read: list[BusinessDay]
) -> None:
    truly = of_dialogs(true_values(week, day, *read))

    assert truly["dialogs"] > 20
    assert not_zero(of_dialogs(week[day].values("tenant"))) == truly


def test_a_day_without_a_crm_still_sees_who_waits_from_the_days_before(
    week: dict[BusinessDay, Told],
) -> None:
    waiting = week[RADIST].waiting

    assert {True, False} == {dialog.is_active for dialog in waiting}
    assert {dialog.manager_id for dialog in waiting} == {None}
    assert all(dialog.channel for dialog in waiting)


@pytest.mark.parametrize(
    ("day", "read"), [(MIXED, [MIXED]), (AMOCRM, [MIXED, AMOCRM]), (AGAIN, [MIXED, AMOCRM, AGAIN])]
)
def test_a_day_that_reads_the_crm_tells_what_became_of_deals(
    week: dict[BusinessDay, Told], day: BusinessDay, read: list[BusinessDay]
) -> None:
    truly = of_deals(true_values(week, day, *read))

    assert truly.keys() == OF_DEALS
    assert of_deals(week[day].values("tenant")) == truly
    assert of_deals(week[day].values("manager")) == truly


def test_what_a_mode_cannot_know_is_absent(week: dict[BusinessDay, Told]) -> None:
    metrics = {day: {fact.metric for fact in told.facts} for day, told in week.items()}
    both = metrics[MIXED]

    assert metrics[AGAIN] == both
    assert metrics[RADIST] == both - OF_DEALS - OF_BOTH
    assert metrics[AMOCRM] == OF_DEALS
    subjects = {day: {fact.subject_type for fact in told.facts} for day, told in week.items()}
    assert subjects[RADIST] == {"tenant", "channel"}
    assert subjects[AMOCRM] == subjects[MIXED] == {"tenant", "manager", "loss_reason"}


def test_nothing_of_a_source_that_was_not_asked_is_left_in_the_marts(
    week: dict[BusinessDay, Told],
) -> None:
    of_radist, of_amocrm = week[RADIST], week[AMOCRM]

    assert {row["is_in_crm"] for row in marts_of(of_radist, "fct_dialogs")} == {None}
    assert {row["amocrm_user_id"] for row in marts_of(of_radist, "fct_replies")} == {None}
    for mart in ("fct_leads", "fct_lead_stage_changes", "dim_managers", "rpt_manager_day"):
        assert marts_of(of_radist, mart) == []
        assert marts_of(of_amocrm, mart)
    for mart in ("fct_messages", "fct_dialogs", "fct_replies", "fct_waiting_dialogs"):
        assert marts_of(of_radist, mart)
        assert marts_of(of_amocrm, mart) == []
    (row,) = marts_of(of_radist, "rpt_tenant_day")
    unknown = {name for name, value in row.items() if value is None}
    assert {f"{each}_count" for each in ("leads_created", "leads_won", "dialogs_without_deal")} | {
        "leads_won_amount", "currency_code",
    } <= unknown  # fmt: skip
    assert of_amocrm.waiting == []


def test_dialogs_without_a_crm_are_shared_out_among_messengers(
    week: dict[BusinessDay, Told],
) -> None:
    counted = {
        "dialogs", "messages_in", "messages_out", "replies", "dialogs_unanswered",
        "dialogs_waiting_from_earlier_days",
    }  # fmt: skip
    of_all, of_channels = week[RADIST].values("tenant"), week[RADIST].values("channel")

    assert {each: of_channels[each] for each in counted} == {each: of_all[each] for each in counted}


@pytest.mark.parametrize("day", MODES)
def test_facts_and_marts_agree_on_what_is_known(
    week: dict[BusinessDay, Told], day: BusinessDay
) -> None:
    scene, key = week[day].scene, daily_period_key(day)
    with claimed(scene) as begun:
        assert unequal_facts(begun, day) == []
        planted = "leads_created" if MODES[day] == "radist_only" else "dialogs"
        with begun.transaction() as connection:
            store_facts(connection, scene.tenant.tenant_id, key, scene.window, [])
        assert len(unequal_facts(begun, day)) >= 5
        facts = [each for each in week[day].facts if each.metric != planted]
        spare = next(each for each in facts if each.subject_type == "tenant")
        facts.append(replace(spare, fact_id=planted, metric=planted, value=Decimal(0)))
        with begun.transaction() as connection:
            store_facts(connection, scene.tenant.tenant_id, key, scene.window, facts)
        (unequal, *_) = unequal_facts(begun, day)
        assert unequal.startswith(f"{planted} is 0, marts.rpt_tenant_day says ")
        with begun.transaction() as connection:
            store_facts(connection, scene.tenant.tenant_id, key, scene.window, week[day].facts)


def test_a_change_of_mode_leaves_the_past_as_it_was(week: dict[BusinessDay, Told]) -> None:
    # What amoCRM told of later days is known by now; only the mode changes between the two.
    run(week[MIXED].scene, deliver=False)
    before = stored_rows(week[MIXED].scene)
    scene = in_mode(week[AGAIN].scene, "amocrm_only")
    for day in (MIXED, RADIST):
        run(replace(scene, day=day), deliver=False)
    after = stored_rows(scene)

    assert {name for name in before if before[name] != after[name]} == set()


def test_each_report_speaks_of_what_it_knows(week: dict[BusinessDay, Told]) -> None:
    notes = {day: told.text.rpartition("\n\n")[2] for day, told in week.items()}

    assert "Полнота: переписка целиком; данные" in notes[RADIST]
    assert "Полнота: CRM целиком; данные" in notes[AMOCRM]
    assert "Полнота: переписка и CRM целиком; данные" in notes[AGAIN]
    assert "Каналы" in week[RADIST].text
    assert not [word for word in ("Сделки", "Менеджеры", "CRM") if word in week[RADIST].text]
    assert not [word for word in ("иалог", "ответа", "ждёт") if word in week[AMOCRM].text]
