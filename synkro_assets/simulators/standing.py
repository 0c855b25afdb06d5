"""A tenant's CRM as it stands from one change to the next, worked out once for all its pages.

Lives here: the records an instant shows, and what requests have chosen from them. Not here: the
loaded days (``state``), who asks (``present``), what a request chooses by (the providers).
"""

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from .world.history import lead_at
from .world.model import CrmContact, Event, Lead

# A reader goes through one list at a time; a few readers may do so together.
_MOST_CHOSEN = 16
_END_OF_TIME = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything that shows in ``[since, until)``; nobody may change a record of it."""

    since: datetime
    until: datetime
    leads: dict[int, Lead]
    contacts: dict[int, CrmContact]
    events: list[Event]
    _chosen: dict[Hashable, list[Any]] = field(default_factory=dict)

    def holds(self, moment: datetime) -> bool:
        """Whether this is what shows at the moment."""
        return self.since <= moment < self.until

    def chosen(self, by: Hashable, choose: Callable[[], list[Any]]) -> list[Any]:
        """The records a request chooses ``by`` its terms: the pages of a list choose them once."""
        if by not in self._chosen:
            if len(self._chosen) >= _MOST_CHOSEN:
                self._chosen.pop(next(iter(self._chosen)))
            self._chosen[by] = choose()
        return self._chosen[by]


def standing_at(
    moment: datetime,
    leads: Mapping[int, Lead],
    contacts: Mapping[int, CrmContact],
    events: Iterable[Event],
) -> Standing:
    """How the records stand at the moment, and until when."""
    events = list(events)
    changes = [shown for lead in leads.values() for shown, _ in lead.versions]
    changes += [contact.shown_from for contact in contacts.values()]
    changes += [event.shown_from for event in events]
    shown = {key: lead for key, each in leads.items() if (lead := lead_at(each, moment))}
    met = {key: contact_at(each, moment, shown.get) for key, each in contacts.items()}
    return Standing(
        moment,
        min((each for each in changes if each > moment), default=_END_OF_TIME),
        shown,
        {key: contact for key, contact in met.items() if contact},
        [event for event in events if event.shown_from <= moment],
    )


def contact_at(
    contact: CrmContact, moment: datetime, lead: Callable[[int], Lead | None]
) -> CrmContact | None:
    """The contact with the leads it has by then; ``None`` before it is there."""
    if contact.shown_from > moment:
        return None
    leads = [found for found in map(lead, contact.lead_ids) if found is not None]
    updated_at = max([contact.updated_at, *(each.updated_at for each in leads)])
    return replace(contact, lead_ids=[each.id for each in leads], updated_at=updated_at)
