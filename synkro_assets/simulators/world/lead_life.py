"""One lead's path through its pipeline, each step an event of the CRM.

Lives here: creation, moves, winning, losing, deletion, and the dates they leave on the lead. Not
here: which leads there are (``crm``).
"""

import random
from datetime import datetime, timedelta
from typing import Any

from .company import LOST, WON
from .history import keep
from .model import ChatMessage, Company, Day, Event, Lead, Pipeline
from .seeds import token

# A lead that is older than its day's window is at least so much older: no other day that is loaded
# beside this one finds something new in its past.
OLD_DAYS = 30
REASONS = {"lost_price": 0, "lost_competitor": 1, "lost_stock": 2}


def stage(pipeline_id: int, status_id: int) -> list[dict[str, Any]]:
    """A stage as events carry it."""
    return [{"lead_status": {"id": status_id, "pipeline_id": pipeline_id}}]


class LeadLife:
    """Moves leads and writes the events of it; ``now`` when they happen at this moment."""

    def __init__(self, seed: int, company: Company, day: Day, now: datetime | None = None) -> None:
        self.seed, self.company, self.day, self.now = seed, company, day, now
        self._pipelines = {pipeline.id: pipeline for pipeline in company.pipelines}

    def live(
        self,
        lead: Lead,
        messages: list[ChatMessage],
        outcome: str,
        rand: random.Random,
        late: bool,
    ) -> None:
        """A lead that follows a conversation of the day."""
        start, end = self.day.window_start, self.day.window_end
        inside = [m.created_at for m in messages if start <= m.created_at < end]
        first, last = inside[0], inside[-1]
        statuses = self._pipeline(lead).statuses
        reached = min(1 + rand.randrange(3), len(statuses) - 3)
        if rand.random() < 0.35:
            days_ago = OLD_DAYS + 1 + rand.randrange(30)
            created = first - timedelta(days=days_ago, seconds=rand.randrange(9000))
            self.add(lead, created, 0)
            self.move(lead, statuses[1].id, created + timedelta(minutes=17), lead.responsible_id)
        else:
            self.add(lead, min(first + timedelta(seconds=20), end - timedelta(minutes=9)), 0)
        self._chat_event(lead, first)
        moment = max(last, lead.updated_at)
        for place in range(1, reached + 1):
            moment = self._inside(moment + timedelta(seconds=rand.randrange(5, 240)), lead)
            self.move(lead, statuses[place].id, moment, lead.responsible_id)
        moment = self._inside(moment + timedelta(seconds=rand.randrange(10, 900)), lead)
        if outcome == "won":
            self.move(lead, WON, moment, lead.responsible_id)
        elif outcome.startswith("lost"):
            reason = REASONS.get(outcome, rand.randrange(len(self.company.loss_reasons)))
            lead.loss_reason_id = self.company.loss_reasons[reason].id
            self.move(lead, LOST, moment, lead.responsible_id)
        elif late:
            moment = end + timedelta(minutes=rand.randrange(5, 180))
            self.move(lead, statuses[reached + 1].id, moment, lead.responsible_id)

    def before(self, lead: Lead, rand: random.Random) -> None:
        """A lead of an earlier time, which nothing of the day touches: open, won or lost."""
        days_ago = OLD_DAYS + 5 + rand.randrange(60)
        created = self.day.window_start - timedelta(days=days_ago, seconds=rand.randrange(80000))
        self.add(lead, created, lead.responsible_id)
        outcome = rand.choice([self._pipeline(lead).statuses[1].id, WON, LOST])
        if outcome == LOST:
            lead.loss_reason_id = rand.choice(self.company.loss_reasons).id
        moved = created + timedelta(hours=rand.randrange(1, 90))
        self.move(lead, outcome, moved, lead.responsible_id)

    def call(self, lead: Lead, moment: datetime, rand: random.Random) -> None:
        """A lead entered by hand after a call: created, then moved once."""
        self.add(lead, moment, lead.responsible_id)
        target = self._pipeline(lead).statuses[2]
        self.move(
            lead, target.id, moment + timedelta(seconds=rand.randrange(30, 900)), lead.created_by
        )

    def delete(self, lead: Lead, created: datetime, deleted: datetime) -> None:
        """A lead that was put into the trash."""
        self.add(lead, created, lead.responsible_id)
        self.delete_now(lead, deleted)

    def delete_now(self, lead: Lead, deleted: datetime) -> None:
        """Put a lead into the trash."""
        lead.is_deleted = True
        lead.updated_at = deleted.replace(microsecond=0)
        self._event("lead_deleted", lead.id, "lead", lead.responsible_id, lead.updated_at)
        keep(lead, self.shown_from(lead.updated_at))

    def restore_now(self, lead: Lead, restored: datetime) -> None:
        """Take a lead out of the trash."""
        lead.is_deleted = False
        lead.updated_at = restored.replace(microsecond=0)
        self._event("lead_restored", lead.id, "lead", lead.responsible_id, lead.updated_at)
        keep(lead, self.shown_from(lead.updated_at))

    def add(self, lead: Lead, moment: datetime, by: int) -> None:
        """Create the lead; ``by`` 0 is a robot."""
        lead.created_at = lead.updated_at = moment.replace(microsecond=0)
        lead.created_by = by
        after = stage(lead.pipeline_id, lead.status_id)
        self._event("lead_added", lead.id, "lead", by, lead.created_at, [], after)
        keep(lead, self.shown_from(lead.created_at))

    def move(
        self,
        lead: Lead,
        status_id: int,
        moment: datetime,
        by: int,
        pipeline_id: int | None = None,
    ) -> None:
        """Put the lead into another stage; no event when it is there already."""
        pipeline_id = pipeline_id or lead.pipeline_id
        if (pipeline_id, status_id) == (lead.pipeline_id, lead.status_id):
            return
        before = stage(lead.pipeline_id, lead.status_id)
        lead.pipeline_id = pipeline_id
        lead.status_id, lead.updated_at = status_id, moment.replace(microsecond=0)
        lead.closed_at = lead.updated_at if status_id in (WON, LOST) else None
        after = stage(lead.pipeline_id, status_id)
        self._event("lead_status_changed", lead.id, "lead", by, lead.updated_at, before, after)
        keep(lead, self.shown_from(lead.updated_at))

    def shown_from(self, moment: datetime) -> datetime:
        """From when the CRM shows what has this date: never before the day itself begins."""
        return self.now or max(moment, self.day.window_start)

    def _inside(self, moment: datetime, lead: Lead) -> datetime:
        """The moment, or the last second of the window, never before the lead's last change."""
        latest = self.day.window_end - timedelta(seconds=1)
        return max(min(moment, latest), lead.updated_at)

    def _pipeline(self, lead: Lead) -> Pipeline:
        return self._pipelines[lead.pipeline_id]

    def _chat_event(self, lead: Lead, moment: datetime) -> None:
        if lead.contact_ids:
            value = [{"message": {"id": token(self.seed, lead.id, "chat", length=32)}}]
            at = moment.replace(microsecond=0)
            self._event("incoming_chat_message", lead.contact_ids[0], "contact", 0, at, [], value)

    def _event(
        self,
        kind: str,
        entity_id: int,
        entity_type: str,
        by: int,
        moment: datetime,
        before: list[dict[str, Any]] | None = None,
        after: list[dict[str, Any]] | None = None,
    ) -> None:
        place = self.day.event_count
        self.day.event_count += 1
        self.day.events.append(
            Event(
                id="01" + token(self.seed, self.company.tenant, self.day.day, place, length=24),
                type=kind,
                entity_id=entity_id,
                entity_type=entity_type,
                created_by=by,
                created_at=moment,
                shown_from=self.shown_from(moment),
                before=before or [],
                after=after or [],
            )
        )
