"""Sharing out what was read for a range of days among its days.

What lives here: which of the answers belong to which day. Reading the range is ``amocrm.py`` and
``radist.py``, loading is ``storage/raw_rows.py``. A day's share is what reading that day alone
would have answered.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from synkro_assets.domain.business_day import BusinessDay, Window
from synkro_assets.ingestion.amocrm import AmoCrmDay
from synkro_assets.ingestion.amocrm_contacts import all_of
from synkro_assets.ingestion.completeness import require_messages
from synkro_assets.ingestion.radist import RadistDay
from synkro_assets.ingestion.radist_feed import ParseTime, is_in, last_said

Windows = Mapping[BusinessDay, Window]


def span(windows: Windows) -> Window:
    """The window that holds all of ``windows``."""
    return Window(
        min(window.start for window in windows.values()),
        max(window.end for window in windows.values()),
    )


def amocrm_days(fetched: AmoCrmDay, windows: Windows) -> dict[BusinessDay, AmoCrmDay]:
    """Events by their time; a lead goes to each day that an event or its last change puts it on."""
    if len(windows) == 1:
        return dict.fromkeys(windows, fetched)
    return {day: _amocrm_day(fetched, window) for day, window in windows.items()}


def _amocrm_day(fetched: AmoCrmDay, window: Window) -> AmoCrmDay:
    events = [event for event in fetched.events if _instant(event["created_at"]) in window]
    named = {int(event["entity_id"]) for event in events}
    leads = [
        lead
        for lead in fetched.leads
        if int(lead["id"]) in named or _instant(lead["updated_at"]) in window
    ]
    ids = {int(lead["id"]) for lead in leads}
    asked = {lead: each for lead, each in fetched.asked_contacts.items() if lead in ids}
    wanted = all_of(asked)
    return AmoCrmDay(
        account=fetched.account,
        users=fetched.users,
        pipelines=fetched.pipelines,
        loss_reasons=fetched.loss_reasons,
        events=events,
        leads=leads,
        deleted_leads=[
            lead for lead in fetched.deleted_leads if _instant(lead["updated_at"]) in window
        ],
        contacts=[contact for contact in fetched.contacts if int(contact["id"]) in wanted],
        asked_contacts=asked,
    )


def radist_days(
    fetched: RadistDay, windows: Windows, parse_time: ParseTime
) -> dict[BusinessDay, RadistDay]:
    """Messages by their time; a chat goes to each day in which it has one.

    Raises IncompleteFetch when a chat's last message is known to be of a day and was not answered.
    """
    if len(windows) == 1:
        return dict.fromkeys(windows, fetched)
    days = {day: RadistDay(fetched.connection_types) for day in windows}
    for chat_id, messages in fetched.messages.items():
        shares: dict[BusinessDay, list[dict[str, Any]]] = {}
        for message in messages:
            at = parse_time(message["created_at"])
            for day, window in windows.items():
                if at in window:
                    shares.setdefault(day, []).append(message)
        for day, share in shares.items():
            days[day].keep(chat_id, fetched.chats[chat_id], share)
    for day, window in windows.items():
        require_messages(
            [
                chat_id
                for chat_id, (_, chat) in fetched.chats.items()
                if chat_id not in days[day].messages
                and chat_id not in fetched.with_poison
                and is_in(window, last_said(chat, parse_time))
            ]
        )
    return days


def _instant(seconds: Any) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)
