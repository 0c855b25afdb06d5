"""The report with a model that is absent, ill-behaved or down: always made, never with a number
that is not the day's.
"""

import re
from typing import Any

import pytest

from synkro_assets.operations.daily_report import Delivery, compute_daily_facts, make_daily_report
from synkro_assets.operations.report_checks import foreign_numbers
from synkro_assets.reporting.wording import RUSSIAN
from synkro_assets.storage.reports import StoredReport, daily_report
from tests.databases import as_owner
from tests.integration.conftest import Reported
from tests.runs import claimed
from tests.stage import Scene

DIGITS = re.compile(r"\d+")
MISBEHAVIOURS: list[dict[str, Any]] = [
    {"gemini_misbehave": "digits"},
    {"gemini_misbehave": "unknown_ids"},
    {"gemini_misbehave": "invalid_json"},
    {"gemini_misbehave": "echo"},
    {"gemini_overloaded": True},
    {"gemini_quota": "day"},
    {"gemini_block_prompt": True},
    {"gemini_finish": "SAFETY"},
    {"gemini_finish": "MAX_TOKENS"},
    {"gemini_finish": "TRUNCATED"},
]


def write_anew(scene: Scene) -> StoredReport:
    """The day's report from its stored facts, as if it had not been made before."""
    with claimed(scene) as begun:
        with as_owner(scene.platform.database) as connection:
            connection.execute("delete from app.reports")
        make_daily_report(begun, scene.day, Delivery.REFUSED, lambda _: None)
        assert foreign_numbers(begun, scene.day) == []
        with begun.transaction() as connection:
            report = daily_report(connection, scene.tenant.tenant_id, scene.day)
    assert report is not None
    return report


def without_notes(text: str) -> str:
    """A report up to its last paragraph, which says how it was made."""
    return text.rpartition("\n\n")[0]


def conclusions(report: StoredReport) -> str:
    """What a model wrote of a report."""
    document = report.metadata["document"]
    written = [document["opening"]] + [
        line["text"]
        for section in document["sections"]
        if section["heading"] in (RUSSIAN.observations, RUSSIAN.actions)
        for line in section["lines"]
    ]
    return "\n".join(written)


@pytest.fixture
def facts_only(copied: Scene) -> str:
    """The day's report as code alone writes it."""
    copied.disconnect("ai")
    report = write_anew(copied)
    copied.connect("ai")
    assert report.status == "facts_only"
    assert report.metadata["facts_only_reason"] == "not_configured"
    assert "интеграция с ИИ не подключена" in report.summary_text
    return report.summary_text


def test_without_a_model_the_report_has_the_same_figures(
    facts_only: str, reported: Reported
) -> None:
    told = reported.outcome.report
    assert told.status == "complete"
    with_model = set(told.summary_text.splitlines())
    missing = [line for line in without_notes(facts_only).splitlines() if line not in with_model]
    assert missing == []


def test_a_models_numbers_are_those_of_the_facts(facts_only: str, reported: Reported) -> None:
    written = conclusions(reported.outcome.report)
    assert DIGITS.findall(written)
    assert set(DIGITS.findall(written)) - {"0"} <= set(DIGITS.findall(facts_only))


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("switches", MISBEHAVIOURS, ids=str)
def test_a_model_that_misbehaves_costs_the_conclusions_not_the_report(
    copied: Scene, facts_only: str, switches: dict[str, Any]
) -> None:
    copied.simulators.switch(**switches)
    report = write_anew(copied)
    if report.status == "complete":
        assert set(DIGITS.findall(conclusions(report))) - {"0"} <= set(DIGITS.findall(facts_only))
    else:
        assert report.metadata["facts_only_reason"] in {"refused", "unavailable", "ungrounded"}
        assert "Отчёт собран без ИИ" in report.summary_text
        assert without_notes(report.summary_text) == without_notes(facts_only)


def test_facts_computed_again_are_the_same(copied: Scene) -> None:
    query = "select to_jsonb(f)::text as fact from app.report_facts as f order by fact_id"
    before = copied.rows(query)
    with claimed(copied) as begun:
        compute_daily_facts(begun, copied.day)
    assert copied.rows(query) == before
