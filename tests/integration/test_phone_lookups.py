"""Who wrote and has no deal: every dialog's status against the truth, also when amoCRM is away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from synkro_assets.storage.phone_lookups import phones_to_look_up
from tests.day_truth import WITHOUT_DEAL, crm_statuses
from tests.integration.conftest import Reported
from tests.runs import run
from tests.stage import Scene

SEARCHES = "select count(*) as n from public.integration_logs where action = 'contacts_matching'"


def statuses(scene: Scene) -> dict[int, str | None]:
    rows = scene.rows("select radist_chat_id, crm_status from marts.fct_dialogs")
    return {row["radist_chat_id"]: row["crm_status"] for row in rows}


def searches(scene: Scene) -> int:
    (row,) = scene.rows(SEARCHES)
    return int(row["n"])


def fact(scene: Scene, fact_id: str) -> int:
    (row,) = scene.rows("select value from app.report_facts where fact_id = %s", fact_id)
    return int(row["value"])


def listed(text: str) -> list[str]:
    """The lines of the section about dialogs without a deal."""
    lines = iter(text.splitlines())
    assert any(line == "Нет сделки в CRM" for line in lines)
    return [line for line in _until_blank(lines) if line]


def _until_blank(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        if not line.strip():
            return
        yield line


def dialogs_of(truth: dict[str, Any], *wanted: str) -> list[dict[str, Any]]:
    of_truth = crm_statuses(truth)
    return [each for each in truth["dialogs"] if of_truth.get(each["chat_id"]) in wanted]


def test_every_dialog_has_the_status_that_the_truth_gives_it(reported: Reported) -> None:
    wanted = crm_statuses(reported.truth)
    assert set(wanted.values()) == {
        "lead_of_day", "older_lead", "contact_without_lead", "unknown", None,
    }  # fmt: skip
    assert statuses(reported.scene) == wanted


def test_each_unexplained_phone_was_asked_for_once_and_nobody_else(reported: Reported) -> None:
    unexplained = dialogs_of(reported.truth, "older_lead", *WITHOUT_DEAL)
    phones = Counter(each["phone_e164"] for each in unexplained)
    rows = reported.scene.rows("select phone_e164 from raw.amocrm_phone_lookups")
    assert {row["phone_e164"] for row in rows} == phones.keys()
    assert searches(reported.scene) == len(phones)


def test_the_report_names_who_has_no_deal(reported: Reported) -> None:
    missing = dialogs_of(reported.truth, *WITHOUT_DEAL)
    lines = listed(reported.outcome.report.summary_text)
    assert len(lines) == len(missing)
    for dialog in missing:
        name = dialog["contact_name"] or "Без имени"
        (said,) = [line for line in lines if name in line and dialog["phone_e164"][-2:] in line]
        is_contact = dialog["crm_contact_id"] is not None
        assert ("есть контакт без сделки" if is_contact else "номера нет в CRM") in said


def test_a_second_run_asks_nothing_again(copied: Scene) -> None:
    before, known = searches(copied), statuses(copied)
    assert before > 0
    run(copied)
    assert searches(copied) == before
    assert statuses(copied) == known


def test_a_lookup_made_before_the_days_end_is_made_again_after_it(copied: Scene) -> None:
    tenant_id, end = copied.tenant.tenant_id, copied.window.end
    with copied.platform.database.tenant_transaction(tenant_id) as connection:
        row = connection.execute(
            "update raw.amocrm_phone_lookups set fetched_at = %s where cardinality("
            "amocrm_contact_ids) = 0 returning phone_e164",
            [end - timedelta(minutes=1)],
        ).fetchall()
        again = phones_to_look_up(connection, tenant_id, copied.day, end)
        early = phones_to_look_up(connection, tenant_id, copied.day, end - timedelta(hours=1))
    assert again == sorted(each["phone_e164"] for each in row)
    assert len(again) > 0
    assert early == []


@pytest.mark.usefixtures("impatient")
def test_a_crm_that_cannot_be_searched_costs_the_answer_and_not_the_day(scene: Scene) -> None:
    scene.simulators.break_requests("amocrm", r"contacts\?query=", status=503)
    made = run(scene)

    known = crm_statuses(scene.truth())
    unexplained = {"older_lead", *WITHOUT_DEAL}
    assert statuses(scene) == {
        chat: "not_looked_up" if status in unexplained else status for chat, status in known.items()
    }
    left = sum(status in unexplained for status in known.values())
    assert fact(scene, "dialogs_not_looked_up") == left
    assert fact(scene, "dialogs_without_deal") == 0
    assert f"{left} диалог" in made.report.summary_text
    assert "по CRM: есть ли" in made.report.summary_text
    assert "Нет сделки в CRM" not in made.report.summary_text
    (warning,) = scene.rows("select message from app.job_run_events where level = 'warning'")
    assert "not looked up in amoCRM" in warning["message"]

    scene.simulators.calm()
    run(scene)

    assert statuses(scene) == known
