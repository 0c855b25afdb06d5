"""What the checks of amoCRM and Radist show and complain about."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.checks.conftest import Inspector, inspecting
from tests.stage import Scene


def test_an_account_is_recognised_by_contacts(inspector: Inspector) -> None:
    outcome = inspector.check("amocrm")
    assert outcome.status == "ok", outcome.error
    assert outcome.seen["account"]
    assert len(outcome.seen["contacts"]) == 3


def test_contacts_of_the_last_dialogs_come_first(copied: Scene, impatient: None) -> None:
    by_the_run = searches(copied)
    with inspecting(copied) as inspector:
        outcome = inspector.check("amocrm")
    assert outcome.status == "ok", outcome.error
    assert len(outcome.seen["contacts"]) == 3
    assert searches(copied) - by_the_run == 3


def searches(scene: Scene) -> int:
    """How often amoCRM was searched for a contact; the day's run looks up phones too."""
    return len(
        scene.rows("select 1 from public.integration_logs where action = 'contacts_matching'")
    )


def test_companies_connections_and_a_chat_are_shown(inspector: Inspector) -> None:
    outcome = inspector.check("radist")
    assert outcome.status == "ok", outcome.error
    assert str(inspector.scene.integrations["radist"]["company_id"]) in outcome.seen["companies"][0]
    assert outcome.seen["connections"]
    assert "last active" in outcome.seen["chat"]


def test_a_company_out_of_sight_is_named(inspector: Inspector) -> None:
    inspector.scene.connect("radist", company_id=987654)
    assert "cannot see company 987654" in inspector.complaint("radist")


@pytest.mark.parametrize(
    ("kind", "path", "action"),
    [
        (kind, path, action)
        for kind, path in (("amocrm", "account"), ("radist", "companies"))
        for action in (
            {"status": 401},
            {"status": 403},
            {"status": 429},
            {"status": 200, "body": "<html>hello</html>"},
            {"close_mid_body": True},
        )
    ],
)
def test_a_broken_answer_is_a_sentence(
    inspector: Inspector, kind: str, path: str, action: dict[str, Any]
) -> None:
    inspector.scene.simulators.break_requests(kind, path, **action)
    assert inspector.complaint(kind)
