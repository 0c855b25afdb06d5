"""A day to write reports about, busy or quiet, in either language."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from synkro_assets.domain.business_day import BusinessDay, Window
from synkro_assets.domain.facts import DialogWithoutDeal, Fact, WaitingDialog
from synkro_assets.reporting.day_data import DayData

WINDOW = Window(datetime(2026, 3, 2, 19, 1, tzinfo=UTC), datetime(2026, 3, 3, 19, 1, tzinfo=UTC))

RADIST = {
    "dialogs": 21, "messages_in": 1234, "messages_out": 42, "replies": 40,
    "first_reply_median_calendar": 65, "first_reply_median_working": 17,
    "dialogs_unanswered": 5, "longest_wait_calendar": 1500, "longest_wait_working": 480,
    "dialogs_waiting_from_earlier_days": 2,
}  # fmt: skip
BOTH = {"dialogs_without_deal": 3, "dialogs_not_looked_up": 2, "dialogs_without_manager": 10}
AMOCRM = {
    "leads_created": 7,
    "leads_moved": 9,
    "leads_won": 2,
    "leads_won_amount": 1250000,
    "leads_lost": 4,
    "leads_lost_amount": 80000,
}


def fact(metric: str, value: Any, manager: str = "", **more: Any) -> Fact:
    unit = "count"
    if metric.startswith(("first_reply", "longest_wait")):
        unit = "minutes"
    if metric.endswith("_amount"):
        unit, more = "amount", {"currency_code": "RUB", **more}
    values: dict[str, Any] = {
        "fact_id": f"{metric}.{manager}" if manager else metric,
        "subject_type": "manager" if manager else "tenant", "subject_id": manager,
        "subject_name": None, "metric": metric, "unit": unit, "n": 21,
        "value": None if value is None else Decimal(value), **more,
    }  # fmt: skip
    return Fact(**values)


def dialog(number: int, **more: Any) -> WaitingDialog:
    values: dict[str, Any] = {
        "dialog_id": f"d{number}", "contact_name": f"Клиент {number}", "phone": "+79123456789",
        "since": WINDOW.start, "calendar_minutes": Decimal(90), "working_minutes": Decimal(30),
        "last_customer_text": "Сколько стоит <доставка>?", "manager_id": "1",
        "is_active": True, **more,
    }  # fmt: skip
    return WaitingDialog(**values)


def dealless(number: int, **more: Any) -> DialogWithoutDeal:
    values: dict[str, Any] = {
        "dialog_id": f"n{number}", "contact_name": f"Новый {number}", "phone": "+79123456700",
        "is_contact": False, "manager_id": None, **more,
    }  # fmt: skip
    return DialogWithoutDeal(**values)


def day(language: str = "ru", **changes: Any) -> DayData:
    """A busy day of both sources; ``values`` changes facts of the tenant by metric."""
    values = RADIST | BOTH | AMOCRM | changes.pop("values", {})
    reason = fact(
        "loss_reason", 4, fact_id="reason.5", subject_type="loss_reason", subject_id="5",
        subject_name="Дорого",
    )  # fmt: skip
    facts = (
        *(fact(metric, value) for metric, value in values.items()),
        fact("dialogs", 11, "1"), fact("leads_won", 2, "1"), fact("leads_won_amount", 1250000, "1"),
        reason,
    )  # fmt: skip
    data = DayData(
        tenant_name="Ромашка", language=language, business_day=BusinessDay(date(2026, 3, 3)),
        window=WINDOW, timezone="Europe/Moscow", facts=facts,
        waiting=(dialog(1), dialog(2, is_active=False, manager_id=None)),
        managers={"1": "Анна Петрова"}, fetched_at=datetime(2026, 3, 3, 19, 10, tzinfo=UTC),
        sources=("radist", "amocrm"),
        without_deal=(
            dealless(1), dealless(2, is_contact=True, manager_id="1"),
            dealless(3, is_contact=True),
        ),
    )  # fmt: skip
    return replace(data, **changes)


def radist_day(language: str = "ru", **changes: Any) -> DayData:
    """A busy day of a company without a CRM: dialogs by messenger, nobody responsible known."""
    facts = (
        *(fact(metric, value) for metric, value in RADIST.items()),
        channel_fact("dialogs", 6, "telegram_personal"),
        channel_fact("dialogs", 15, "whatsapp"), channel_fact("dialogs_unanswered", 5, "whatsapp"),
        channel_fact("first_reply_median_calendar", 65, "whatsapp"),
    )  # fmt: skip
    waiting = (
        dialog(1, manager_id=None, channel="whatsapp"),
        dialog(2, is_active=False, manager_id=None, channel="telegram_personal"),
    )
    changes = {
        "facts": facts, "waiting": waiting, "managers": {}, "without_deal": (), **changes,
    }  # fmt: skip
    return day(language, sources=("radist",), **changes)


def amocrm_day(language: str = "ru", **changes: Any) -> DayData:
    """A busy day of a company without a messenger."""
    facts = (
        *(fact(metric, value) for metric, value in AMOCRM.items()),
        fact("leads_moved", 3, "1"), fact("leads_won", 2, "1"),
    )  # fmt: skip
    changes = {"facts": facts, "waiting": (), "without_deal": (), **changes}
    return day(language, sources=("amocrm",), **changes)


def channel_fact(metric: str, value: Any, channel: str) -> Fact:
    fact_id = f"channel.{channel}.{metric}"
    return fact(metric, value, fact_id=fact_id, subject_type="channel", subject_id=channel)


def quiet_day(language: str = "ru") -> DayData:
    facts = tuple(fact(metric, 0) for metric in RADIST | BOTH | AMOCRM)
    return day(language, facts=facts, waiting=(), without_deal=())
