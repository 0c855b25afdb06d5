"""What the CRM knows about the day: contacts, leads, and the events that moved them.

Lives here: contacts of the people who wrote, their leads' lives, and the rows a reader trips over.
Not here: one lead's path through its pipeline (``lead_life``), the people themselves
(``messenger``).
"""

import random
from datetime import datetime, timedelta

from .company import BEGINNING
from .lead_life import OLD_DAYS, LeadLife
from .model import Company, Conversation, CrmContact, Day, Lead, Person, Phone
from .people import full_name, landline, mobile, written
from .seeds import day_block, rng

CONTACT_BASE, BLOCK = 60_000_000, 100_000
KNOWN_SHARE, MAX_LEADS = 0.74, 3000
OUTCOMES = ("won", "lost_price", "lost_competitor", "open", "open", "open", "complaint")
EXTENSION = {"ru": "доб.", "en": "ext."}


class CrmDay:
    """Builds the CRM side of one day."""

    def __init__(self, seed: int, company: Company, day: Day) -> None:
        self.seed, self.company, self.day = seed, company, day
        self.rand = rng(seed, company.tenant, day.day, "crm")
        self.block = day_block(day.day, BLOCK)
        self.life = LeadLife(seed, company, day)

    def add_dialogs(self, people: list[Person], conversations: list[Conversation]) -> None:
        """A contact and a lead for most of the people who have a number."""
        for index, (person, conversation) in enumerate(zip(people, conversations, strict=True)):
            rand = rng(self.seed, self.company.tenant, self.day.day, "known", conversation.key)
            is_regular = person.regular is not None
            if person.e164 is None or (rand.random() > KNOWN_SHARE and not is_regular):
                continue
            if len(self.day.leads) >= MAX_LEADS:
                break
            contact = self._contact(rand, person.e164, person.name, person.regular)
            person.crm_contact_id = contact.id
            outcome = conversation.outcome
            if not conversation.topic:
                outcome = rand.choice(OUTCOMES)
            price = conversation.price or rand.randrange(3, 240) * 500
            lead = self._lead(contact, conversation.topic, price, rand)
            self.life.live(lead, person.chats[0].messages, outcome, rand, late=index % 7 == 3)
            if len(self.day.contacts) % 11 == 5:
                second = self._lead(contact, conversation.topic, price // 2, rand)
                self.life.live(second, person.chats[0].messages, "open", rand, late=False)
            if lead.created_at >= self.day.window_start and not is_regular:
                self._make_new(
                    contact, min(person.chats[0].messages[0].created_at, lead.created_at)
                )

    def add_acquaintances(self, people: list[Person], conversations: list[Conversation]) -> None:
        """Of those whom no lead of the day explains, some the CRM knows from before.

        Some have an older lead, open or closed, some are contacts without any; one is nobody's
        number, but stands in the name of a contact that has another.
        """
        strangers = [each for each in people if each.e164 and each.crm_contact_id is None]
        keys = {id(each): talk.key for each, talk in zip(people, conversations, strict=True)}
        for place, person in enumerate(strangers):
            rand = rng(self.seed, self.company.tenant, self.day.day, "before", keys[id(person)])
            if place % 3 == 2 or len(self.day.leads) >= MAX_LEADS:
                if place == 2:
                    self._contact(rand, mobile(rand, self.company.region), person.e164)
                continue
            assert person.e164 is not None
            contact = self._contact(rand, person.e164, person.name)
            person.crm_contact_id = contact.id
            if place % 3 == 0:
                lead = self._lead(contact, "", rand.randrange(3, 240) * 500, rand)
                self.life.before(lead, rand)

    def add_odd_rows(self) -> None:
        """Rows without a dialog: no contact, no leads, deleted, outside the window."""
        rand, start, end = self.rand, self.day.window_start, self.day.window_end
        middle = start + (end - start) / 2
        alone = self._contact(rand, mobile(rand, self.company.region), None)
        alone.phones.clear()
        for hours in (2, 5):
            contact = self._contact(rand, mobile(rand, self.company.region), None)
            lead = self._lead(contact, "", 15000 * hours, rand)
            self.life.call(lead, middle - timedelta(hours=hours), rand)
        orphan = self._lead(None, "", 0, rand)
        orphan.custom_fields = None
        self.life.call(orphan, middle, rand)
        for _ in range(3):  # an import: several rows of one second
            self.life.add(self._lead(None, "", 5000, rand), middle + timedelta(hours=1), 0)
        trash = self._lead(None, "", 1000, rand)
        long_ago = start - timedelta(days=OLD_DAYS)
        self.life.delete(trash, long_ago - timedelta(days=3), middle + timedelta(minutes=30))
        contact = self._contact(rand, mobile(rand, self.company.region), None)
        before = self._lead(contact, "", 27000, rand)
        self.life.call(before, long_ago - timedelta(days=2, hours=3), rand)
        after = self._lead(None, "", 9000, rand)
        self.life.call(after, end + timedelta(minutes=rand.randrange(1, 90)), rand)

    def add_import(self, count: int, moment: datetime, now: datetime) -> list[Lead]:
        """Leads that came into the CRM together, all of one second, each with its contact."""
        life = LeadLife(self.seed, self.company, self.day, now)
        leads = []
        for _ in range(count):
            contact = self._contact(self.rand, mobile(self.rand, self.company.region), None)
            self._make_new(contact, moment)
            lead = self._lead(contact, "", 5000, self.rand)
            life.add(lead, moment, 0)
            leads.append(lead)
        return leads

    def _contact(
        self, rand: random.Random, e164: str, name: str | None, regular: int | None = None
    ) -> CrmContact:
        """A contact as old as the lead it may already have; a regular's is the same every day."""
        place, first_id = len(self.day.contacts), CONTACT_BASE + self.block
        days_ago = OLD_DAYS + 70 + rand.randrange(200)
        created_at = self.day.window_start - timedelta(days=days_ago, seconds=rand.randrange(86400))
        if regular is not None:
            rand = rng(self.seed, self.company.tenant, "regular contact", regular)
            place, first_id = regular, CONTACT_BASE
            created_at = BEGINNING + timedelta(minutes=rand.randrange(1_000_000))
        contact = CrmContact(
            id=first_id + place,
            name=name or full_name(rand, self.company.language),
            phones=[self._phone(rand, e164, place)],
            email=f"client{place}@mail.example" if place % 3 == 0 else None,
            responsible_id=rand.choice(self.company.managers[:4]).id,
            created_at=created_at.replace(microsecond=0),
            updated_at=created_at.replace(microsecond=0),
            shown_from=self.day.window_start,
        )
        if place % 7 == 2:
            other = mobile(rand, self.company.region)
            contact.phones.append(Phone(written(other, place), [other], "MOB"))
        self.day.contacts.append(contact)
        return contact

    def _make_new(self, contact: CrmContact, met_at: datetime) -> None:
        """The contact came into the CRM with its first message."""
        contact.created_at = contact.updated_at = met_at.replace(microsecond=0)
        contact.shown_from = contact.created_at

    def _phone(self, rand: random.Random, e164: str, place: int) -> Phone:
        value = written(e164, place)
        if place % 8 == 5:
            other = landline(rand, self.company.region)
            return Phone(f"{value}, {written(other, 0)}", [e164, other])
        if place % 8 == 7:
            return Phone(f"{value} {EXTENSION[self.company.language]} {place % 90 + 10}", [e164])
        return Phone(value, [e164])

    def _lead(
        self, contact: CrmContact | None, topic: str, price: int, rand: random.Random
    ) -> Lead:
        place = len(self.day.leads)
        pipeline = self.company.pipelines[0 if rand.random() < 0.7 else 1]
        title = topic or ("Заявка с сайта" if self.company.language == "ru" else "Website request")
        lead = Lead(
            id=self.day.lead_base + self.block + place,
            name=title[:1].upper() + title[1:] + (f" #{place}" if place % 4 == 0 else ""),
            price=price,
            pipeline_id=pipeline.id,
            status_id=pipeline.statuses[0].id,
            responsible_id=contact.responsible_id if contact else self.company.managers[0].id,
            created_at=self.day.window_start,
            updated_at=self.day.window_start,
            custom_fields=None if place % 10 == 9 else self._fields(title, place),
            contact_ids=[contact.id] if contact else [],
            tags=["WhatsApp"] if place % 3 == 0 else [],
            source_id=self.company.account_id // 9 if place % 2 else None,
        )
        if contact:
            contact.lead_ids.append(lead.id)
        self.day.leads.append(lead)
        return lead

    def _fields(self, title: str, place: int) -> list[dict[str, object]]:
        first = self.company.account_id // 50
        is_russian = self.company.language == "ru"
        return [
            {
                "field_id": first,
                "field_name": "Товар или услуга" if is_russian else "Product",
                "field_code": None,
                "field_type": "text",
                "values": [{"value": title}],
            },
            {
                "field_id": first + 1,
                "field_name": "Источник" if is_russian else "Source",
                "field_code": "UTM_SOURCE",
                "field_type": "tracking_data",
                "values": [{"value": ["whatsapp", "avito", "site", "2gis"][place % 4]}],
            },
        ]
