"""The lists a day of amoCRM refers to: who, which stage, why lost.

What lives here: which ids the stored lists hold and when a day reads them anew. Reading what is
stored is ``operations/amocrm_references.py``.

The rule: a day reads the lists unless that would take it over ``BUDGET`` requests, so a renamed
manager or stage shows with the next run of all but the busiest days. A day that is over it anyway
makes do with lists at most ``OLDEST`` old, if they hold every id the day names.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

Payload = dict[str, Any]

# What a day of 1,000 leads and 1,000 contacts may cost amoCRM.
BUDGET = 20
# Account, users, pipelines, loss reasons: one page each in all but the largest accounts.
LISTS = 4
# Names change a few times a month. A company whose every day is busy sees that at the latest then.
OLDEST = timedelta(days=3)

# Written by amoCRM for robots and integrations, and for "nobody".
_NOBODY = (None, 0)


@dataclass(frozen=True, slots=True)
class HeldReferences:
    """Ids of a tenant's stored lists; stages are (pipeline, stage), as stage ids repeat."""

    users: frozenset[int]
    stages: frozenset[tuple[int, int]]
    loss_reasons: frozenset[int]

    def hold(self, leads: Iterable[Payload], events: Iterable[Payload]) -> bool:
        """Whether everything that a day's leads and events name is known."""
        return all(map(self._knows_lead, leads)) and all(
            self._knows_stages(event) for event in events
        )

    def _knows_lead(self, lead: Payload) -> bool:
        user, reason = lead.get("responsible_user_id"), lead.get("loss_reason_id")
        # A lead in the trash may be shown as its id and date alone.
        stage = (lead.get("pipeline_id"), lead.get("status_id"))
        return (
            (user in _NOBODY or user in self.users)
            and (reason in _NOBODY or reason in self.loss_reasons)
            and (stage == (None, None) or stage in self.stages)
        )

    def _knows_stages(self, event: Payload) -> bool:
        return all(stage in self.stages for stage in _stages_of(event))


def are_lists_due(
    held: HeldReferences | None, asked: int, leads: Iterable[Payload], events: Iterable[Payload]
) -> bool:
    """Whether a day that took ``asked`` requests so far has to read the lists besides.

    ``held`` are the stored ones, None where they are too old or there are none.
    """
    if held is None or asked + LISTS <= BUDGET:
        return True
    return not held.hold(leads, events)


def _stages_of(event: Payload) -> Iterable[tuple[Any, Any]]:
    for side in ("value_before", "value_after"):
        values = event.get(side)
        for value in values if isinstance(values, list) else ():
            stage = value.get("lead_status") if isinstance(value, dict) else None
            if isinstance(stage, dict):
                yield stage.get("pipeline_id"), stage.get("id")
