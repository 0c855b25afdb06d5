"""One day of a tenant, put together.

Lives here: the order of work, and the checks on what was asked for. Not here: the work itself
(``messenger``, ``crm``).
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .crm import CrmDay
from .dialog_file import read_dialogs
from .messenger import SECOND_CHATS, MessengerDay
from .model import Company, Day
from .scenarios import conversations


class BadOrder(ValueError):
    """A day that cannot be made as it was asked for."""


@dataclass(frozen=True)
class DayOrder:
    """What a day is made from; its leads' ids are ``lead_base`` and more, where that is told."""

    tenant: str
    day: str
    window_start: datetime
    window_end: datetime
    timezone: str = "Europe/Moscow"
    language: str = "ru"
    region: str = "RU"
    dialogs: int = 24
    dialogs_file: Path | None = None
    seed: int = 1
    lead_base: int | None = None

    def check(self) -> None:
        """Raise ``BadOrder`` for anything that makes no day."""
        try:
            date.fromisoformat(self.day)
            ZoneInfo(self.timezone)
        except (ValueError, ZoneInfoNotFoundError) as error:
            raise BadOrder(str(error)) from error
        if not self.tenant:
            raise BadOrder("tenant is missing")
        if self.language not in ("ru", "en"):
            raise BadOrder("language must be ru or en")
        if self.window_end - self.window_start < timedelta(hours=1):
            raise BadOrder("the window must be at least an hour long")
        if self.lead_base is not None and self.lead_base < 1:
            raise BadOrder("lead_base must be above zero")
        if not 0 <= self.dialogs < SECOND_CHATS - 10:
            raise BadOrder(f"dialogs must be between 0 and {SECOND_CHATS - 10}")


def make_day(order: DayOrder, company: Company) -> Day:
    """The day's whole content; the same for the same order."""
    order.check()
    seed, day = order.seed, Day(order.day, order.window_start, order.window_end)
    if order.lead_base is not None:
        day.lead_base = order.lead_base
    is_real_talk = order.dialogs_file is not None
    if order.dialogs_file is not None:
        talks = read_dialogs(order.dialogs_file)
        if len(talks) >= SECOND_CHATS - 10:
            raise BadOrder(f"a day holds at most {SECOND_CHATS - 10} dialogs")
    else:
        talks = conversations(seed, company, order.day, order.dialogs)
    messenger = MessengerDay(seed, company, day, is_real_talk)
    day.people = [messenger.person(index, talk) for index, talk in enumerate(talks)]
    crm = CrmDay(seed, company, day)
    crm.add_dialogs(day.people, talks)
    crm.add_odd_rows()
    crm.add_acquaintances(day.people, talks)
    if not is_real_talk:
        day.people.extend(messenger.odd_people(len(talks)))
    return day
