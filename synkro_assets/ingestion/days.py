"""Sharing out what was read for a range of days among its days.

What lives here: which of the answers belong to which day. Reading the range is ``amocrm.py`` and
``radist.py``, loading is ``storage/raw_loading.py``. A day's share is what reading that day alone
would have answered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from synkro_assets.domain.business_day import BusinessDay, Window
from synkro_assets.ingestion.amocrm import AmoCrmDay
from synkro_assets.ingestion.amocrm_contacts import ByLead, all_of
from synkro_assets.ingestion.amocrm_portion import Portion
from synkro_assets.ingestion.completeness import require_messages
from synkro_assets.ingestion.packing import Packed, Payload, Records
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

    def is_changed(lead: Payload, day: BusinessDay) -> bool:
        return _instant(lead["updated_at"]) in windows[day]

    events = _shared(
        fetched.events, windows, lambda event, day: _instant(event["created_at"]) in windows[day]
    )
    named = {day: {int(event["entity_id"]) for event in events[day]} for day in windows}
    leads = _shared(
        fetched.leads,
        windows,
        lambda lead, day: int(lead["id"]) in named[day] or is_changed(lead, day),
    )
    deleted = _shared(fetched.deleted_leads, windows, is_changed)
    asked = {day: _asked_of(leads[day], fetched.asked_contacts) for day in windows}
    wanted = {day: all_of(asked[day]) for day in windows}
    contacts = _shared(
        fetched.contacts, windows, lambda contact, day: int(contact["id"]) in wanted[day]
    )
    return {
        day: replace(
            fetched,
            events=events[day],
            leads=leads[day],
            deleted_leads=deleted[day],
            contacts=contacts[day],
            portion=Portion(),
            asked_contacts=asked[day],
        )
        for day in windows
    }


def _asked_of(leads: Records, asked: ByLead) -> ByLead:
    ids = [int(lead["id"]) for lead in leads]
    return {lead: asked[lead] for lead in ids if lead in asked}


def _shared(
    records: Records, windows: Windows, is_of: Callable[[Payload, BusinessDay], bool]
) -> dict[BusinessDay, Records]:
    """Each record with every day it is of, in one walk through them."""
    shares = {day: Packed() for day in windows}
    for record in records:
        for day, share in shares.items():
            if is_of(record, day):
                share.append(record)
    for share in shares.values():
        share.seal()
    return dict(shares)


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
            # Most chats speak on one day only, and packing again would hold their messages twice.
            kept = messages if len(share) == len(messages) else Packed(share)
            days[day].keep(chat_id, fetched.chats[chat_id], kept)
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
