"""When a day of amoCRM needs other lists than the stored ones."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from synkro_assets.ingestion.amocrm_references import HeldReferences, Named

HELD = HeldReferences(frozenset({1}), frozenset({(7, 142), (8, 142), (7, 20)}), frozenset({9}))
LEAD = {"responsible_user_id": 1, "pipeline_id": 7, "status_id": 142, "loss_reason_id": 9}


def move(pipeline: Any, stage: Any, side: str = "value_after") -> dict[str, Any]:
    return {side: [{"lead_status": {"id": stage, "pipeline_id": pipeline}}]}


def named(leads: Iterable[dict[str, Any]], events: Iterable[dict[str, Any]] = ()) -> Named:
    """What leads and events name."""
    seen = Named()
    for lead in leads:
        seen.see_lead(lead)
    for event in events:
        seen.see_event(event)
    return seen


def test_a_day_of_known_ids_needs_no_other_lists():
    nobody = {**LEAD, "responsible_user_id": 0, "loss_reason_id": None}
    events = [move(8, 142), {"value_after": []}, {"value_after": None}]
    assert HELD.hold(named([LEAD, nobody], events))


def test_a_lead_in_the_trash_may_name_nothing():
    assert HELD.hold(named([{"id": 5, "updated_at": 6, "is_deleted": True}]))


@pytest.mark.parametrize(
    "changed",
    [
        {"responsible_user_id": 2},
        {"loss_reason_id": 10},
        {"pipeline_id": 9},
        {"pipeline_id": 8, "status_id": 20},
    ],
)
def test_an_unknown_id_of_a_lead_needs_newer_lists(changed):
    assert not HELD.hold(named([LEAD, {**LEAD, **changed}]))


@pytest.mark.parametrize("side", ["value_before", "value_after"])
def test_an_unknown_stage_of_an_event_needs_newer_lists(side):
    assert not HELD.hold(named([LEAD], [move(8, 20, side)]))
