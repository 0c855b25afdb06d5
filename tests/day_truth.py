"""A day's figures, computed from what the simulators say really happened.

What lives here: a second, independent road to every number of a report: no SQL, nothing of Synkro.
Definitions: a dialog is a chat with a message in the window, groups too; a turn begins with the
first customer message after an answer and ends with the next answer; the first answered turn of a
dialog is its first reply; a deal counts as won or lost by its last change of the day.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from statistics import median
from typing import Any

WON, LOST = 142, 143

Subject = int | None
"""A manager's id, or None for the whole company."""


@dataclass
class DayFigures:
    """Values by subject and metric, and the deals lost by reason; nothing that is zero."""

    values: dict[tuple[Subject, str], Decimal] = field(default_factory=dict)
    loss_reasons: Counter[str] = field(default_factory=Counter)

    def of(self, metric: str, subject: Subject = None) -> Decimal:
        return self.values.get((subject, metric), Decimal(0))


def figures(truth: dict[str, Any]) -> DayFigures:
    """Every figure of the day, for the company and for each manager."""
    found = DayFigures()
    _count_dialogs(truth, found)
    _count_deals(truth, found)
    found.values = {key: value for key, value in found.values.items() if value}
    return found


def _count_dialogs(truth: dict[str, Any], found: DayFigures) -> None:
    end = _at(truth["window"]["end"])
    owners = _Owners(truth)
    first_replies: dict[Subject, list[Decimal]] = defaultdict(list)
    waits: dict[Subject, list[Decimal]] = defaultdict(list)
    totals: Counter[tuple[Subject, str]] = Counter()
    for dialog in truth["dialogs"]:
        messages = [each for each in dialog["messages"] if _in_window(truth, each["created_at"])]
        if not messages:
            continue
        is_in_crm, owner = owners.of(dialog)
        replies, waiting_since = _turns(messages)
        for subject in {None, owner}:
            totals[subject, "dialogs"] += 1
            totals[subject, "messages_in"] += _count(messages, "inbound")
            totals[subject, "messages_out"] += _count(messages, "outbound")
            totals[subject, "replies"] += len(replies)
            if replies:
                first_replies[subject].append(replies[0])
            if waiting_since is not None:
                waits[subject].append(_minutes(waiting_since, end))
        totals[None, "dialogs_without_crm"] += not is_in_crm
    found.values |= {key: Decimal(value) for key, value in totals.items()}
    for subject, replied in first_replies.items():
        found.values[subject, "first_reply_median_calendar"] = _rounded(median(replied))
    for subject, waited in waits.items():
        found.values[subject, "dialogs_unanswered"] = Decimal(len(waited))
        found.values[subject, "longest_wait_calendar"] = _rounded(max(waited))


def _turns(messages: list[dict[str, Any]]) -> tuple[list[Decimal], datetime | None]:
    """How long each answered turn took, and since when the last one waits."""
    replies: list[Decimal] = []
    asked_at: datetime | None = None
    for message in sorted(messages, key=lambda each: (each["created_at"], each["message_id"])):
        at = _at(message["created_at"])
        if message["direction"] == "inbound":
            asked_at = asked_at or at
        elif asked_at is not None:
            replies.append(_minutes(asked_at, at))
            asked_at = None
    return replies, asked_at


class _Owners:
    """Whose dialog it is: phone, contact, its open deal changed last, else its last deal."""

    def __init__(self, truth: dict[str, Any]) -> None:
        self._leads = {lead["id"]: lead for lead in _seen_leads(truth)}
        seen = {each for lead in self._leads.values() for each in lead["contact_ids"]}
        self._contacts = [contact for contact in truth["contacts"] if contact["id"] in seen]

    def of(self, dialog: dict[str, Any]) -> tuple[bool, Subject]:
        phone = dialog["phone_e164"]
        matching = [
            contact
            for contact in self._contacts
            if phone and any(phone in each["e164"] for each in contact["phones"])
        ]
        if not matching:
            return False, None
        leads = [
            self._leads[lead_id]
            for contact in matching
            for lead_id in contact["lead_ids"]
            if lead_id in self._leads
        ]
        newest = max(leads, key=lambda lead: (_is_open(lead), lead["updated_at"], lead["id"]))
        return True, newest["responsible_user_id"]


def _count_deals(truth: dict[str, Any], found: DayFigures) -> None:
    leads = {lead["id"]: lead for lead in _seen_leads(truth)}
    totals: Counter[tuple[Subject, str]] = Counter()

    def count(lead_id: int, metric: str, amount: int | None = None) -> None:
        owner = leads[lead_id]["responsible_user_id"] if lead_id in leads else None
        for subject in {None, owner}:
            totals[subject, metric] += 1
            if amount is not None:
                totals[subject, f"{metric}_amount"] += amount

    for lead in leads.values():
        if _in_window(truth, lead["created_at"]):
            count(lead["id"], "leads_created")
    reasons = {reason["id"]: reason["name"] for reason in truth["loss_reasons"]}
    for lead_id, stages in _stage_changes(truth).items():
        lead = leads.get(lead_id, {})
        if any(stage not in (WON, LOST) for stage in stages):
            count(lead_id, "leads_moved")
        if stages[-1] == WON:
            count(lead_id, "leads_won", lead.get("price") or 0)
        if stages[-1] == LOST:
            count(lead_id, "leads_lost", lead.get("price") or 0)
            found.loss_reasons[reasons.get(lead.get("loss_reason_id", 0), "")] += 1
    found.values |= {key: Decimal(value) for key, value in totals.items()}


def _stage_changes(truth: dict[str, Any]) -> dict[int, list[int]]:
    """The stages each deal went to, in order."""
    changes: dict[int, list[int]] = defaultdict(list)
    for event in sorted(truth["events"], key=lambda each: (each["created_at"], each["id"])):
        if event["type"] == "lead_status_changed" and _in_window(truth, event["created_at"]):
            changes[event["entity_id"]].append(event["after"]["id"])
    return changes


def _seen_leads(truth: dict[str, Any]) -> list[dict[str, Any]]:
    """Deals that changed in the window or that an event of it names; not those in the trash."""
    named = {
        event["entity_id"]
        for event in truth["events"]
        if event["entity_type"] == "lead" and _in_window(truth, event["created_at"])
    }
    return [
        lead
        for lead in truth["leads"]
        if not lead["is_deleted"] and (lead["id"] in named or _in_window(truth, lead["updated_at"]))
    ]


def _is_open(lead: dict[str, Any]) -> bool:
    return lead["status_id"] not in (WON, LOST)


def _in_window(truth: dict[str, Any], instant: str) -> bool:
    window = truth["window"]
    return _at(window["start"]) <= _at(instant) < _at(window["end"])


def _count(messages: Iterable[dict[str, Any]], direction: str) -> int:
    return sum(message["direction"] == direction for message in messages)


def _minutes(start: datetime, end: datetime) -> Decimal:
    seconds = (end - start).total_seconds()
    return (Decimal(str(seconds)) / 60).quantize(Decimal("0.0001"), ROUND_HALF_UP)


def _rounded(minutes: Decimal) -> Decimal:
    return minutes.quantize(Decimal("0.01"), ROUND_HALF_UP)


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)
