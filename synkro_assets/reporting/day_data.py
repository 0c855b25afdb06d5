"""What a report is made from: facts, dialogs to act on, names, and the window they are about.

What lives here: that bundle and the questions every sentence asks of it. Gathering it is
``operations``; saying it is ``facts_report``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from synkro_assets.domain.business_day import BusinessDay, Window
from synkro_assets.domain.facts import DialogWithoutDeal, Fact, WaitingDialog
from synkro_assets.domain.source_days import SourceDay
from synkro_assets.domain.tenant import Mode
from synkro_assets.reporting.wording import wording_of
from synkro_assets.reporting.wording_fields import Wording

Subject = tuple[str, str]
"""A fact's subject by type and id."""

TENANT: Subject = ("tenant", "")


@dataclass(frozen=True, slots=True)
class DayData:
    """Everything a report is made from; instants are aware UTC.

    A forced report is about a window of its own; ``business_day`` is then the day that holds the
    window's end. ``gaps`` are the days of sources that are not there whole, ``quarantined`` counts
    the records of its sources that could not be read. ``without_deal`` are the customers who wrote
    and have no deal in the CRM.
    """

    tenant_name: str
    language: str
    business_day: BusinessDay
    window: Window
    timezone: str
    facts: tuple[Fact, ...]
    waiting: tuple[WaitingDialog, ...]
    managers: dict[str, str]
    fetched_at: datetime
    sources: tuple[str, ...]
    is_forced: bool = False
    gaps: tuple[SourceDay, ...] = ()
    quarantined: int = 0
    without_deal: tuple[DialogWithoutDeal, ...] = ()

    @property
    def wording(self) -> Wording:
        return wording_of(self.language, is_forced=self.is_forced)

    def manager_name(self, manager_id: str) -> str:
        """What a manager is called; one whom the CRM no longer lists has no name."""
        return self.managers.get(manager_id) or self.wording.unknown_manager

    @property
    def data_until(self) -> datetime:
        """Up to when the window is known: its end, if it was collected after that."""
        return min(self.window.end, self.fetched_at)

    @property
    def is_quiet(self) -> bool:
        """Whether nothing that the sources know of happened."""
        return not any(self.value(metric) for metric in _SIGNS_OF_LIFE)

    def fact(self, metric: str, subject: Subject = TENANT) -> Fact | None:
        """A fact of the tenant or of another subject; None where the mode cannot know it."""
        for fact in self.facts:
            if fact.metric == metric and (fact.subject_type, fact.subject_id) == subject:
                return fact
        return None

    def value(self, metric: str, subject: Subject = TENANT) -> Decimal:
        """A fact's value, zero when there is none."""
        fact = self.fact(metric, subject)
        return fact.value if fact and fact.value is not None else Decimal(0)

    def subjects(self, subject_type: str) -> set[str]:
        """The ids of the subjects of a type that have facts."""
        return {fact.subject_id for fact in self.facts if fact.subject_type == subject_type}


_SIGNS_OF_LIFE = (
    "dialogs", "dialogs_waiting_from_earlier_days", "leads_created", "leads_moved", "leads_won",
    "leads_lost",
)  # fmt: skip


def sources_read(modes: Iterable[Mode]) -> tuple[str, ...]:
    """The sources that every one of a window's days read: what a report about it may speak of."""
    listed = list(modes)
    return tuple(
        source
        for source, is_read in (
            ("radist", all(mode.reads_radist for mode in listed)),
            ("amocrm", all(mode.reads_amocrm for mode in listed)),
        )
        if is_read
    )
