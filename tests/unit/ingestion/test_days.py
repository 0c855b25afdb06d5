"""A day's share of a range read together is what reading that day alone gives."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from synkro_assets.domain.business_day import BusinessDay, Window
from synkro_assets.ingestion.amocrm import fetch_day, raw_rows
from synkro_assets.ingestion.days import amocrm_days, radist_days, span
from synkro_assets.ingestion.packing import AS_READ, PACKED, Holding, Packed
from synkro_assets.ingestion.radist import RadistDay

FIRST = datetime(2026, 3, 2, tzinfo=UTC)
WINDOWS = {
    BusinessDay(date(2026, 3, 2 + number)): Window(
        FIRST + timedelta(days=number), FIRST + timedelta(days=number + 1)
    )
    for number in range(4)
}
LEADS, HOUR = 300, 3_600


def changed_at(lead_id: int) -> int:
    """The leads change one after the other, all over the four days and the one after them."""
    return int(FIRST.timestamp()) + lead_id * HOUR * 5 * 24 // LEADS


class Company:
    """A CRM that answers as its filters say."""

    asked = 0

    def account(self) -> dict[str, Any]:
        return {"id": 5}

    def users(self) -> list[dict[str, Any]]:
        return [{"id": 1}]

    def pipelines(self) -> list[dict[str, Any]]:
        return [{"id": 7}]

    def loss_reasons(self) -> list[dict[str, Any]]:
        return [{"id": 9}]

    def events(
        self, start: datetime, end: datetime, types: tuple[str, ...]
    ) -> Iterator[dict[str, Any]]:
        for lead_id in range(LEADS):
            created_at = changed_at(lead_id) - 30 * HOUR
            if start.timestamp() <= created_at < end.timestamp():
                yield {
                    "id": f"e{lead_id}", "type": types[0], "entity_type": "lead",
                    "entity_id": lead_id, "created_at": created_at,
                }  # fmt: skip

    def leads_updated(self, start: datetime, end: datetime) -> Iterator[dict[str, Any]]:
        return (lead for lead in self._changed(start, end) if lead["id"] % 10)

    def deleted_leads(self, start: datetime, end: datetime) -> Iterator[dict[str, Any]]:
        return (lead for lead in self._changed(start, end) if not lead["id"] % 10)

    def leads_by_id(self, ids: Iterable[int]) -> Iterator[dict[str, Any]]:
        return (self._lead(lead_id) for lead_id in ids if lead_id % 10)

    def contacts_by_id(
        self, ids: Iterable[int], more: Callable[[], Iterable[int]]
    ) -> Iterator[dict[str, Any]]:
        for contact_id in [*ids, *more()]:
            fields = [{"field_code": "PHONE", "values": [{"value": f"8999{contact_id:07}"}]}]
            if contact_id % 7:
                yield {
                    "id": contact_id, "updated_at": contact_id, "custom_fields_values": fields,
                }  # fmt: skip

    def _changed(self, start: datetime, end: datetime) -> Iterator[dict[str, Any]]:
        for lead_id in range(LEADS):
            if start.timestamp() <= changed_at(lead_id) < end.timestamp():
                yield self._lead(lead_id)

    def _lead(self, lead_id: int) -> dict[str, Any]:
        links = [{"id": lead_id // 2, "is_main": True}, {"id": 1_000 + lead_id}]
        return {
            "id": lead_id, "updated_at": changed_at(lead_id), "_embedded": {"contacts": links},
        }  # fmt: skip


@pytest.mark.parametrize("holding", [AS_READ, PACKED])
def test_a_day_of_a_range_has_the_rows_of_the_day_read_alone(holding: Holding) -> None:
    shares = amocrm_days(fetch_day(Company(), span(WINDOWS), holding=holding), WINDOWS)

    for day, window in WINDOWS.items():
        alone = raw_rows(fetch_day(Company(), window), "RU")
        together = raw_rows(shares[day], "RU")
        assert {name: sorted(rows, key=repr) for name, rows in together.items()} == {
            name: sorted(rows, key=repr) for name, rows in alone.items()
        }
        assert len(together["amocrm_leads"]) > 50, "the day must have something to compare"


def test_messages_go_to_their_days_and_those_of_one_day_stay_as_they_were_packed() -> None:
    said = [{"message_id": str(n), "created_at": f"2026-03-0{n}T12:00:00+00:00"} for n in (2, 3, 3)]
    fetched = RadistDay({}, {1: ({}, {}), 2: ({}, {})}, {1: Packed(said), 2: Packed(said[1:])})

    shares = radist_days(fetched, WINDOWS, datetime.fromisoformat)

    second, third, *others = shares.values()
    assert {chat: list(share) for chat, share in second.messages.items()} == {1: said[:1]}
    assert {chat: list(share) for chat, share in third.messages.items()} == {
        1: said[1:],
        2: said[1:],
    }
    assert third.messages[2] is fetched.messages[2]
    assert not any(share.messages for share in others)
