"""Conversations become messenger contacts with chats and messages.

Lives here: who writes, over which connection, from which number, and the messages' moments. Not
here: what the CRM knows about these people (``crm``).
"""

import random
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from .model import Chat, ChatMessage, Company, Connection, Conversation, Day, Person
from .people import as_messenger, full_name, mobile
from .regulars import GROUP, regular_of
from .seeds import day_block, message_id, rng
from .timing import fit, moment_in, offsets, same_clock_time

PERSON_BASE, CHAT_BASE, BLOCK, SECOND_CHATS = 900_000_000, 2_200_000_000, 100_000, 50_000
NEIGHBOURS = {
    "ru": ["Добрый день, вы ещё работаете?", "Добрый вечер! Завтра открыты?", "Спасибо, до связи",
           "Напомните, пожалуйста, адрес"],
    "en": ["Hello, are you still open?", "Good evening! Open tomorrow?", "Thanks, talk soon",
           "Could you remind me of the address?"],
}  # fmt: skip
GROUP_TALK = {
    "ru": ["Коллеги, машина с товаром выехала", "Принял, встречаю"],
    "en": ["Team, the delivery is on its way", "Got it, I will meet them"],
}
GROUP_NAMES = {"ru": "Логистика и склад", "en": "Logistics and stock"}


class MessengerDay:
    """Builds the messenger side of one day."""

    def __init__(self, seed: int, company: Company, day: Day, is_real_talk: bool) -> None:
        self.seed, self.company, self.day = seed, company, day
        self.is_real_talk = is_real_talk
        self.zone = ZoneInfo(company.timezone)
        self.window = (day.window_start, day.window_end)
        self.block = day_block(day.day, BLOCK)

    def person(self, index: int, conversation: Conversation) -> Person:
        """The contact of one conversation, its messages inside the window."""
        tenant, day = self.company.tenant, self.day.day
        regular = None if self.is_real_talk else regular_of(self.seed, tenant, day, index)
        rand = rng(self.seed, tenant, day, "person", conversation.key)
        if regular is None:
            person = self._somebody(rand, self.block + index, conversation.language)
        else:
            known = rng(self.seed, tenant, "regular", regular)
            person = self._somebody(known, regular, conversation.language, is_regular=True)
            person.regular = regular
        person.dialog_key = conversation.key
        for place, (line, moment) in enumerate(
            zip(conversation.lines, self._moments(conversation, rand), strict=True)
        ):
            direction = "inbound" if line.role == "client" else "outbound"
            self._add(person.chats[0], place, direction, line.text, moment, line.type)
        if not self.is_real_talk:
            self._neighbours(person, index, rand)
        return person

    def _somebody(
        self, rand: random.Random, number: int, language: str, *, is_regular: bool = False
    ) -> Person:
        """A customer with an empty chat; of a regular one the company knows name and number."""
        connection = self._connection(rand, 3 if is_regular else 4)
        has_phone = connection.type != "telegram_bot" and (rand.random() > 0.03 or is_regular)
        e164 = mobile(rand, self.company.region) if has_phone else None
        chat = Chat(
            id=CHAT_BASE + number,
            connection_id=connection.id,
            source_chat_id=self._source_chat_id(connection.type, e164, rand),
            phone=as_messenger(e164, rand.randrange(42)) if e164 else None,
        )
        return Person(
            id=PERSON_BASE + number,
            name=full_name(rand, language) if is_regular or rand.random() > 0.05 else None,
            is_group=False,
            e164=e164,
            chats=[chat],
            known_at=self.day.window_start,
        )

    def _moments(self, conversation: Conversation, rand: random.Random) -> list[datetime]:
        distances = offsets(conversation.lines, rand)
        given = conversation.lines[0].at
        first = (
            same_clock_time(given.astimezone(self.zone), self.window, self.zone) if given else None
        )
        if first is None:
            first = moment_in(self.window, self.zone, rand, off_hours=0.15)
        return fit(distances, first, self.window)

    def _connection(self, rand: random.Random, count: int) -> Connection:
        weights = [45, 25, 22, 8][:count]
        return rand.choices(self.company.connections[:count], weights=weights)[0]

    def _source_chat_id(self, kind: str, e164: str | None, rand: random.Random) -> str | None:
        if kind in ("whatsapp", "waba") and e164:
            return f"{e164[1:]}@c.us"
        return str(rand.randrange(10**8, 10**10))

    def _add(
        self,
        chat: Chat,
        place: int | str,
        direction: str,
        text: str,
        moment: datetime,
        kind: str = "text",
    ) -> None:
        identifier = message_id(self.seed, self.company.tenant, self.day.day, chat.id, place)
        chat.messages.append(ChatMessage(identifier, direction, kind, text, moment))

    def _neighbours(self, person: Person, index: int, rand: random.Random) -> None:
        """Messages of the neighbouring hours, a second chat, an unknown message type."""
        start, end = self.window
        chat, talk = person.chats[0], NEIGHBOURS[self.company.language]
        if index % 5 == 1:
            moment = start - timedelta(seconds=rand.randrange(60, 9000))
            self._add(chat, "before", "inbound", talk[index % 2], moment)
        if index % 6 == 2:
            moment = end + timedelta(seconds=rand.randrange(0, 9000))
            self._add(chat, "after", "inbound", talk[2 + index % 2], moment)
        if index % 9 == 4:
            moment = chat.messages[0].created_at + timedelta(milliseconds=500)
            self._add(chat, "unknown", "inbound", "", moment, "sticker_pack")
        chat.messages.sort(key=lambda message: message.created_at)
        if index % 8 == 3:
            other = self.company.connections[1 if chat.connection_id % 2 == 0 else 0]
            second = Chat(
                chat.id + SECOND_CHATS, other.id, chat.source_chat_id, chat.phone, messages=[]
            )
            moment = start - timedelta(hours=3, seconds=rand.randrange(7200))
            self._add(second, "earlier", "inbound", talk[0], moment)
            self._add(second, "reply", "outbound", talk[2], moment + timedelta(minutes=4))
            person.chats.append(second)

    def odd_people(self, first_index: int) -> list[Person]:
        """The group of the company's own people, and a contact without any message so far."""
        rand = rng(self.seed, self.company.tenant, self.day.day, "odd")
        group_rand = rng(self.seed, self.company.tenant, "group")
        start, end = self.window
        group = Chat(CHAT_BASE + GROUP, self.company.connections[0].id,
                     f"{group_rand.randrange(10**12, 10**13)}@g.us", None)  # fmt: skip
        middle = start + (end - start) / 2
        for place, text in enumerate(GROUP_TALK[self.company.language]):
            direction = "inbound" if place == 0 else "outbound"
            self._add(group, place, direction, text, middle + timedelta(minutes=5 * place))
        e164 = mobile(rand, self.company.region)
        silent = Chat(CHAT_BASE + self.block + first_index, self.company.connections[1].id,
                      f"{e164[1:]}@c.us", as_messenger(e164, 1))  # fmt: skip
        name = full_name(rand, self.company.language)
        return [
            Person(PERSON_BASE + GROUP, GROUP_NAMES[self.company.language], True, None, [group],
                   start),
            Person(PERSON_BASE + self.block + first_index, name, False, e164, [silent], start),
        ]  # fmt: skip
