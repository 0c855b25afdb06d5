"""The lists a day of amoCRM refers to: who, which stage, why lost.

What lives here: which ids the stored lists hold and when a day reads them anew. Reading what is
stored is ``operations/amocrm_references.py``.

The rule: a day reads the lists unless that would take it over ``BUDGET`` requests, so a renamed
manager or stage shows with the next run of all but the busiest days. A day that is over it anyway
makes do with lists at most ``OLDEST`` old, if they hold every id the day names.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
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

    def hold(self, named: Named) -> bool:
        """Whether everything that was named is known."""
        return (
            named.users <= self.users
            and named.stages <= self.stages
            and named.loss_reasons <= self.loss_reasons
        )


@dataclass(slots=True)
class Named:
    """What the leads and events of a day name of the lists."""

    users: set[Any] = field(default_factory=set)
    stages: set[tuple[Any, Any]] = field(default_factory=set)
    loss_reasons: set[Any] = field(default_factory=set)

    def see_lead(self, lead: Payload) -> None:
        user, reason = lead.get("responsible_user_id"), lead.get("loss_reason_id")
        stage = (lead.get("pipeline_id"), lead.get("status_id"))
        if user not in _NOBODY:
            self.users.add(user)
        if reason not in _NOBODY:
            self.loss_reasons.add(reason)
        # A lead in the trash may be shown as its id and date alone.
        if stage != (None, None):
            self.stages.add(stage)

    def see_event(self, event: Payload) -> None:
        self.stages.update(_stages_of(event))


def are_lists_due(held: HeldReferences | None, asked: int, named: Named) -> bool:
    """Whether a day that took ``asked`` requests so far has to read the lists besides.

    ``held`` are the stored ones, None where they are too old or there are none.
    """
    if held is None or asked + LISTS <= BUDGET:
        return True
    return not held.hold(named)


def _stages_of(event: Payload) -> Iterable[tuple[Any, Any]]:
    for side in ("value_before", "value_after"):
        values = event.get(side)
        for value in values if isinstance(values, list) else ():
            stage = value.get("lead_status") if isinstance(value, dict) else None
            if isinstance(stage, dict):
                yield stage.get("pipeline_id"), stage.get("id")
