"""What a tenant's loaded days look like at an instant: nothing of the future shows.

Lives here: leads, contacts, events, people and chats as they stand then. A day may be loaded long
before its time; its CRM rows show from the day's beginning, however old their own dates are, so
that what a provider says of the past does not depend on the days loaded after it. Not here: the
loaded days themselves (``state``).
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar

from .standing import Standing, contact_at
from .state import TenantWorld
from .world.history import lead_at
from .world.model import Chat, CrmContact, Day, Event, Lead, Person

Record = TypeVar("Record")

END_OF_TIME = datetime.max.replace(tzinfo=UTC)


class Present:
    """A tenant's worlds at an instant."""

    def __init__(self, world: TenantWorld, now: datetime) -> None:
        self.world, self.now = world, now

    @property
    def standing(self) -> Standing:
        """All of the CRM at once, which is worked out once for many requests."""
        return self.world.standing(self.now)

    def lead(self, lead_id: int) -> Lead | None:
        """The lead as it stands, when it is there."""
        found = self.world.leads.get(lead_id)
        return lead_at(found, self.now) if found else None

    def leads(self, ids: Iterable[int] | None = None) -> list[Lead]:
        """Every lead that is there, or those of the ids; those in the trash too."""
        return _those(self.standing.leads, ids)

    def contact(self, contact_id: int) -> CrmContact | None:
        """The contact with the leads it has by now, when it is there."""
        found = self.world.contacts.get(contact_id)
        return contact_at(found, self.now, self.lead) if found else None

    def contacts(self, ids: Iterable[int] | None = None) -> list[CrmContact]:
        """Every contact that is there, or those of the ids."""
        return _those(self.standing.contacts, ids)

    def events(self) -> list[Event]:
        """Everything that has happened."""
        return self.standing.events

    def chat(self, chat_id: int) -> Chat | None:
        """The chat with its messages so far; ``None`` before there is one."""
        found = self.world.chats.get(chat_id)
        return self._so_far(*found) if found else None

    def people(self) -> list[Person]:
        """Everybody who has a chat by now."""
        people = []
        for person in self.world.people.values():
            chats = [self._so_far(person, chat) for chat in person.chats]
            seen = [chat for chat in chats if chat is not None]
            if seen:
                is_whole = all(a is b for a, b in zip(chats, person.chats, strict=True))
                people.append(person if is_whole else replace(person, chats=seen))
        return people

    def _so_far(self, person: Person, chat: Chat) -> Chat | None:
        rows = chat.messages
        if not rows:
            return chat if person.known_at <= self.now else None
        if rows[-1].created_at <= self.now:
            return chat
        count = bisect_right(rows, self.now, key=lambda row: row.created_at)
        return replace(chat, messages=rows[:count]) if count else None

    def day(self, label: str) -> Day:
        """A loaded day, with what reached into its window from the other loaded days."""
        own = self.world.days[label]
        of_day = {event.id for event in own.events}
        events = [e for e in self.events() if e.id in of_day or own.holds(e.created_at)]
        named = {event.entity_id for event in events if event.entity_type == "lead"}
        named |= {lead.id for lead in own.leads}
        leads = [row for row in self.leads() if row.id in named or own.holds(row.updated_at)]
        heard = {person.id for person in own.people}
        people = [row for row in self.people() if row.id in heard or _spoke_in(own, row)]
        met = {contact.id for contact in own.contacts}
        met |= {contact_id for lead in leads for contact_id in lead.contact_ids}
        met |= {person.crm_contact_id for person in people if person.crm_contact_id}
        contacts = [row for row in self.contacts() if row.id in met]
        return replace(own, contacts=contacts, leads=leads, events=events, people=people)


def _those(found: Mapping[int, Record], ids: Iterable[int] | None) -> list[Record]:
    if ids is None:
        return list(found.values())
    return [found[each] for each in ids if each in found]


def last_activity(person: Person) -> datetime:
    """When the person's chats last changed."""
    moments = [chat.messages[-1].created_at for chat in person.chats if chat.messages]
    return max(moments) if moments else person.known_at


def _spoke_in(day: Day, person: Person) -> bool:
    return any(day.holds(row.created_at) for chat in person.chats for row in chat.messages)
