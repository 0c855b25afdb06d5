"""Figures of a day or of any window, computed from what the simulators say really happened.

What lives here: a second, independent road to every number of a report: no SQL, nothing of Synkro.
Definitions: a dialog is a chat with a message in the window, groups too; a turn begins with the
first customer message after an answer and ends with the next answer; the first turn answered in the
window is the dialog's first reply; who waits is who has an open turn at the window's end; a deal
counts as won or lost by its last change in the window.

A run of a day sees what was written and what was changed in the CRM up to that day's end, and the
days before it that were run; a dialog's owner is named by the last day of the window that saw it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

WON, LOST = 142, 143
WITHOUT_DEAL = ("contact_without_lead", "unknown")
OFFICE_HOURS = {day: [["09:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}

Truth = dict[str, Any]
Subject = int | None
"""A manager's id, or None for the whole company."""
Turn = tuple[datetime, datetime | None]
"""When a customer asked and when he was answered."""


@dataclass
class DayFigures:
    """Values by subject and metric, and the deals lost by reason; nothing that is zero."""

    values: dict[tuple[Subject, str], Decimal] = field(default_factory=dict)
    loss_reasons: Counter[str] = field(default_factory=Counter)

    def of(self, metric: str, subject: Subject = None) -> Decimal:
        return self.values.get((subject, metric), Decimal(0))


def figures(truth: Truth, hours: dict[str, Any] = OFFICE_HOURS) -> DayFigures:
    """Every figure of the one day that was read, for the company and for each manager."""
    return window_figures([truth], *_bounds(truth), hours)


def crm_statuses(truth: Truth) -> dict[int, str | None]:
    """What the CRM knew of each dialog of the one day that was read, by chat id."""
    window = _Window([truth], [truth], *_bounds(truth), OFFICE_HOURS)
    owners = _Owners(window)
    spoke = [
        each
        for each in window.dialogs
        if any(_at(message) in window for message in each["messages"])
    ]
    return {dialog["chat_id"]: owners.status_of(dialog) for dialog in spoke}


def window_figures(
    truths: list[Truth],
    start: datetime,
    end: datetime,
    hours: dict[str, Any] = OFFICE_HOURS,
    read: list[Truth] | None = None,
) -> DayFigures:
    """Every figure of a window, from the days that were run, one after the other.

    ``read`` are those of them that a source was asked about, where it was not about all.
    """
    window = _Window(truths, truths if read is None else read, start, end, hours)
    found = DayFigures()
    _count_dialogs(window, found)
    _count_deals(window, found)
    found.values = {key: value for key, value in found.values.items() if value}
    return found


class _Window:
    """A window, the days it touches, and everything that was read up to its last day."""

    def __init__(
        self,
        truths: list[Truth],
        read: list[Truth],
        start: datetime,
        end: datetime,
        hours: dict[str, Any],
    ) -> None:
        self.truths, self.start, self.end, self.hours = truths, start, end, hours
        self.read = [truth for truth in read if _bounds(truth)[0] < end]
        self.days = [truth for truth in self.read if _bounds(truth)[1] > start]
        self.zone = ZoneInfo(truths[0]["timezone"])
        self.dialogs = [
            {**dialog, "messages": [m for m in dialog["messages"] if _is_read(self.read, _at(m))]}
            for dialog in self.all("dialogs")
        ]

    def all(self, kind: str) -> list[dict[str, Any]]:
        """The records of a kind of every day, each once: a company lives on from day to day."""
        key = "chat_id" if kind == "dialogs" else "id"
        found: dict[Any, dict[str, Any]] = {}
        for truth in self.truths:
            for each in truth[kind]:
                found[each[key]] = _merged(found.get(each[key]), each)
        return list(found.values())

    def __contains__(self, instant: datetime) -> bool:
        return self.start <= instant < self.end

    def working(self, start: datetime, end: datetime) -> Decimal:
        """The part of an interval in working hours."""
        seconds = 0.0
        day = start.astimezone(self.zone).date()
        while day <= end.astimezone(self.zone).date():
            for opens, closes in self.hours.get(f"{day:%a}".lower(), []):
                bounds = (
                    datetime.combine(day, time.fromisoformat(each), self.zone).astimezone(UTC)
                    for each in (opens, closes)
                )
                opened, closed = bounds
                seconds += max(0.0, (min(closed, end) - max(opened, start)).total_seconds())
            day += timedelta(days=1)
        return _as_minutes(seconds)

    def known_on(self, day: Truth) -> list[Truth]:
        """The days that had been read by a day's end."""
        return self.read[: self.read.index(day) + 1]


def _merged(before: dict[str, Any] | None, now: dict[str, Any]) -> dict[str, Any]:
    """A record as it is on a later day, with what earlier days alone know of it."""
    if before is None:
        return now
    merged = {**before, **now}
    if "messages" in now:
        every = {each["message_id"]: each for each in (*before["messages"], *now["messages"])}
        merged["messages"] = sorted(
            every.values(), key=lambda m: (m["created_at"], m["message_id"])
        )
    if "lead_ids" in now:
        merged["lead_ids"] = sorted({*before["lead_ids"], *now["lead_ids"]})
    return merged


def _count_dialogs(window: _Window, found: DayFigures) -> None:
    owners = _Owners(window)
    first_replies: dict[Subject, list[tuple[Decimal, Decimal]]] = defaultdict(list)
    waits: dict[Subject, list[tuple[Decimal, Decimal]]] = defaultdict(list)
    totals: Counter[tuple[Subject, str]] = Counter()
    for dialog in window.dialogs:
        messages = [each for each in dialog["messages"] if _at(each) in window]
        turns = list(_turns(dialog["messages"]))
        replies = [(at, done) for at, done in turns if done and done in window]
        open_since = [
            at for at, done in turns if at < window.end and (done is None or done >= window.end)
        ]
        if not messages and not open_since:
            continue
        owner = owners.of(dialog)
        status = owners.status_of(dialog) if messages else None
        for subject in {None, owner}:
            totals[subject, "dialogs"] += bool(messages)
            totals[subject, "messages_in"] += _count(messages, "inbound")
            totals[subject, "messages_out"] += _count(messages, "outbound")
            totals[subject, "dialogs_without_deal"] += status in WITHOUT_DEAL
            totals[subject, "replies"] += len(replies)
            if replies:
                first_replies[subject].append(_twins(window, *replies[0]))
            if open_since and messages:
                waits[subject].append(_twins(window, open_since[0], window.end))
            elif open_since:
                totals[subject, "dialogs_waiting_from_earlier_days"] += 1
        totals[None, "dialogs_without_manager"] += bool(messages) and owner is None
    found.values |= {key: Decimal(value) for key, value in totals.items()}
    for place, twin in enumerate(("calendar", "working")):
        for subject, replied in first_replies.items():
            middle = median(each[place] for each in replied)
            found.values[subject, f"first_reply_median_{twin}"] = _rounded(middle)
        for subject, waited in waits.items():
            found.values[subject, "dialogs_unanswered"] = Decimal(len(waited))
            longest = max(each[place] for each in waited)
            found.values[subject, f"longest_wait_{twin}"] = _rounded(longest)


def _turns(messages: list[dict[str, Any]]) -> Iterator[Turn]:
    """Every turn of a dialog, in order; the last may be open."""
    asked_at: datetime | None = None
    for message in sorted(messages, key=lambda each: (each["created_at"], each["message_id"])):
        if message["direction"] == "inbound":
            asked_at = asked_at or _at(message)
        elif asked_at is not None:
            yield asked_at, _at(message)
            asked_at = None
    if asked_at is not None:
        yield asked_at, None


class _Owners:
    """Whose dialog it is: phone, contact, its open deal changed last, else its last deal.

    A phone of no deal that was read is looked up: then every contact that has it counts, with every
    deal of theirs.
    """

    def __init__(self, window: _Window) -> None:
        self._window = window

    def of(self, dialog: dict[str, Any]) -> Subject:
        """The manager's id; nobody's where the CRM knows nobody."""
        contacts, newest = self._known(dialog, self._named_on(dialog))
        if newest is not None:
            return newest["responsible_user_id"]
        return contacts[-1]["responsible_user_id"] if contacts else None

    def status_of(self, dialog: dict[str, Any]) -> str | None:
        """What the CRM knows of who spoke, at the end of the last day on which he did."""
        if dialog["is_group"] or not dialog["phone_e164"]:
            return None
        day = self._spoke_on(dialog)[-1]
        contacts, newest = self._known(dialog, day)
        if newest is not None:
            return "lead_of_day" if self._is_touched(newest, day) else "older_lead"
        return "contact_without_lead" if contacts else "unknown"

    def _known(
        self, dialog: dict[str, Any], day: Truth
    ) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
        """The contacts that had the phone at a day's end, and the deal that names the manager."""
        end, phone = _bounds(day)[1], dialog["phone_e164"]
        read = {lead["id"]: lead for lead in _seen_leads(self._window, self._window.known_on(day))}
        seen = {each for lead in read.values() for each in lead["contact_ids"]}
        matching = [
            contact
            for contact in self._window.all("contacts")
            if phone
            and _at(contact) < end
            and any(phone in each["e164"] for each in contact["phones"])
        ]
        contacts = [each for each in matching if each["id"] in seen]
        if not contacts:
            contacts = matching
            every = self._window.all("leads")
            read = {each["id"]: each for each in every if not each["is_deleted"]}
        named = [read[each] for contact in contacts for each in contact["lead_ids"] if each in read]
        of_then = [lead for lead in named if _at(lead) < end]
        if not of_then:
            return contacts, None
        return contacts, max(of_then, key=_answering)

    def _is_touched(self, lead: dict[str, Any], day: Truth) -> bool:
        """Whether a deal is of the day: created or changed in it, or named by its events."""
        moments = [lead["created_at"], lead["updated_at"]]
        moments += [e["created_at"] for e in self._window.all("events") if _is_of(e, lead)]
        return any(_is_within(day, datetime.fromisoformat(each)) for each in moments)

    def _named_on(self, dialog: dict[str, Any]) -> Truth:
        """The window's last day on which the chat spoke, or at whose end it waits."""
        turns = list(_turns(dialog["messages"]))
        if turns and turns[-1][1] is None:
            return self._window.days[-1]
        return self._spoke_on(dialog)[-1]

    def _spoke_on(self, dialog: dict[str, Any]) -> list[Truth]:
        return [
            day
            for day in self._window.days
            if any(_is_within(day, _at(each)) for each in dialog["messages"])
        ]


def _is_of(event: dict[str, Any], lead: dict[str, Any]) -> bool:
    return event["entity_type"] == "lead" and event["entity_id"] == lead["id"]


def _count_deals(window: _Window, found: DayFigures) -> None:
    leads = {lead["id"]: lead for lead in _seen_leads(window, window.read)}
    totals: Counter[tuple[Subject, str]] = Counter()

    def count(lead_id: int, metric: str, amount: int | None = None) -> None:
        owner = leads[lead_id]["responsible_user_id"] if lead_id in leads else None
        for subject in {None, owner}:
            totals[subject, metric] += 1
            if amount is not None:
                totals[subject, f"{metric}_amount"] += amount

    for lead in leads.values():
        if datetime.fromisoformat(lead["created_at"]) in window:
            count(lead["id"], "leads_created")
    reasons = {each["id"]: each["name"] for each in window.all("loss_reasons")}
    for lead_id, stages in _stage_changes(window).items():
        lead = leads.get(lead_id, {})
        if any(stage not in (WON, LOST) for stage in stages):
            count(lead_id, "leads_moved")
        if stages[-1] == WON:
            count(lead_id, "leads_won", lead.get("price") or 0)
        if stages[-1] == LOST:
            count(lead_id, "leads_lost", lead.get("price") or 0)
            found.loss_reasons[reasons.get(lead.get("loss_reason_id", 0), "")] += 1
    found.values |= {key: Decimal(value) for key, value in totals.items()}


def _stage_changes(window: _Window) -> dict[int, list[int]]:
    """The stages each deal went to in the window, in order."""
    changes: dict[int, list[int]] = defaultdict(list)
    for event in sorted(window.all("events"), key=lambda each: (each["created_at"], each["id"])):
        if event["type"] == "lead_status_changed" and _at(event) in window:
            changes[event["entity_id"]].append(event["after"]["id"])
    return changes


def _seen_leads(window: _Window, days: list[Truth]) -> list[dict[str, Any]]:
    """Deals that changed on one of the days or that an event of it names; none in the trash."""
    named = {
        event["entity_id"]
        for event in window.all("events")
        if event["entity_type"] == "lead" and _is_read(days, _at(event))
    }
    return [
        lead
        for lead in window.all("leads")
        if not lead["is_deleted"]
        and (lead["id"] in named or _is_read(days, datetime.fromisoformat(lead["updated_at"])))
    ]


def _is_read(days: list[Truth], instant: datetime) -> bool:
    return any(_is_within(day, instant) for day in days)


def _is_open(lead: dict[str, Any]) -> bool:
    return lead["status_id"] not in (WON, LOST)


def _answering(lead: dict[str, Any]) -> tuple[Any, ...]:
    """Of a customer's leads the greatest names the manager: open before closed, newest first."""
    return _is_open(lead), lead["updated_at"], lead["id"]


def _bounds(truth: Truth) -> tuple[datetime, datetime]:
    start, end = (datetime.fromisoformat(truth["window"][each]) for each in ("start", "end"))
    return start, end


def _is_within(truth: Truth, instant: datetime) -> bool:
    start, end = _bounds(truth)
    return start <= instant < end


def _count(messages: Iterable[dict[str, Any]], direction: str) -> int:
    return sum(message["direction"] == direction for message in messages)


def _twins(window: _Window, start: datetime, end: datetime) -> tuple[Decimal, Decimal]:
    return _as_minutes((end - start).total_seconds()), window.working(start, end)


def _as_minutes(seconds: float) -> Decimal:
    return (Decimal(str(seconds)) / 60).quantize(Decimal("0.0001"), ROUND_HALF_UP)


def _rounded(minutes: Decimal) -> Decimal:
    return minutes.quantize(Decimal("0.01"), ROUND_HALF_UP)


def _at(record: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(record["created_at"])
