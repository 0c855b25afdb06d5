"""An amoCRM of two leads and two contacts that change while days are read.

What lives here: the changes, the answers to what ingestion asks, and the truth at any instant. What
is made of the answers is ``histories.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

START = datetime(2026, 3, 3, tzinfo=UTC)
STAGES = (10, 20, 30)
Row = dict[str, Any]


def seconds(at: datetime) -> int:
    return int(at.timestamp())


@dataclass
class Company:
    """``now`` is the provider's clock; ``past`` is how the leads stood after each change."""

    asked = 0
    now: datetime = START
    leads: dict[int, Row] = field(default_factory=dict)
    contacts: dict[int, Row] = field(default_factory=dict)
    history: list[Row] = field(default_factory=list)
    past: list[tuple[int, dict[int, Row]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for contact_id in (7, 8):
            phones = [f"+7999000{contact_id}000"]
            born = {"id": contact_id, "updated_at": seconds(START), "name": "Anna"}
            self.contacts[contact_id] = {**born, "phones": phones, "is_gone": False}

    def change_lead(self, lead_id: int, what: str) -> None:
        """``silent`` leaves updated_at as it is, ``edit`` leaves no event either."""
        at = seconds(self.now)
        lead = self.leads.get(lead_id)
        if lead is None:
            lead = {"id": lead_id, "price": 0, "is_deleted": False, "contacts": [], "stage": 0}
            self.leads[lead_id] = lead | {"created_at": at, "updated_at": at}
            lead = self.leads[lead_id]
            self._happened("lead_added", lead_id)
        lead["price"] += 1
        if what == "trash":
            lead["is_deleted"] = not lead["is_deleted"]
            self._happened("lead_deleted" if lead["is_deleted"] else "lead_restored", lead_id)
        elif what == "move" and not lead["is_deleted"]:
            before, lead["stage"] = lead["stage"], (lead["stage"] + 1) % len(STAGES)
            self._happened("lead_status_changed", lead_id, _stage(before), _stage(lead["stage"]))
        elif what == "link":
            lead["contacts"] = {(): [7], (7,): [7, 8], (7, 8): [8]}.get(tuple(lead["contacts"]), [])
        if what != "silent":
            lead["updated_at"] = at
        self.past.append((at, deepcopy(self.leads)))

    def change_contact(self, contact_id: int, what: str) -> None:
        """A contact that is gone is no longer shown, by itself or among the links of a lead."""
        contact = self.contacts[contact_id]
        if what == "gone":
            contact["is_gone"] = not contact["is_gone"]
            return
        number = len(contact["phones"])
        contact["phones"] = [] if number == 3 else [*contact["phones"], f"+7999111{number}000"]
        if what != "silent":
            contact["updated_at"] = seconds(self.now)

    def lead_at(self, lead_id: int, at: datetime) -> Row | None:
        """The lead as it really was just before an instant."""
        states = [leads for changed, leads in self.past if changed < seconds(at)]
        return states[-1].get(lead_id) if states else None

    def events(self, start: datetime, end: datetime, types: tuple[str, ...]) -> Iterable[Row]:
        edges = (seconds(start), seconds(end))
        return [each for each in self.history if edges[0] <= each["created_at"] < edges[1]]

    def leads_updated(self, start: datetime, end: datetime) -> Iterable[Row]:
        return self._updated(start, end, is_deleted=False)

    def deleted_leads(self, start: datetime, end: datetime) -> Iterable[Row]:
        return self._updated(start, end, is_deleted=True)

    def leads_by_id(self, ids: Iterable[int]) -> Iterable[Row]:
        found = [self.leads[each] for each in ids]
        return [self._shown(lead) for lead in found if not lead["is_deleted"]]

    def contacts_by_id(
        self, ids: Iterable[int], more: Callable[[], Iterable[int]]
    ) -> Iterable[Row]:
        found = [self.contacts[each] for each in [*ids, *more()]]
        return [_shown_contact(contact) for contact in found if not contact["is_gone"]]

    def account(self) -> Row:
        return {"id": 1}

    def users(self) -> list[Row]:
        return []

    pipelines = loss_reasons = users

    def _happened(self, kind: str, lead_id: int, before: Any = (), after: Any = ()) -> None:
        about = {"type": kind, "entity_type": "lead", "entity_id": lead_id}
        values = {"value_before": list(before), "value_after": list(after)}
        happened = {"id": f"e{len(self.history):06}", "created_at": seconds(self.now)}
        self.history.append({**about, **happened, **values})

    def _updated(self, start: datetime, end: datetime, *, is_deleted: bool) -> list[Row]:
        return [
            self._shown(lead)
            for lead in self.leads.values()
            if lead["is_deleted"] == is_deleted
            and seconds(start) <= lead["updated_at"] < seconds(end)
        ]

    def _shown(self, lead: Row) -> Row:
        links = [
            {"id": each, "is_main": True}
            for each in lead["contacts"]
            if not self.contacts[each]["is_gone"]
        ]
        stage = {"pipeline_id": 1, "status_id": STAGES[lead["stage"]]}
        shown = {**lead, "name": f"Lead {lead['price']}", "_embedded": {"contacts": links}}
        return shown | stage


def _stage(place: int) -> list[Row]:
    return [{"lead_status": {"pipeline_id": 1, "id": STAGES[place]}}]


def _shown_contact(contact: Row) -> Row:
    values = [{"value": phone, "enum_code": "WORK"} for phone in contact["phones"]]
    fields = [{"field_code": "PHONE", "values": values}] if values else None
    return {**contact, "custom_fields_values": fields}
