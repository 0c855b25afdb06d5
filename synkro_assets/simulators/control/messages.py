"""Writing into chats as people do, reading what was sent, and changing leads.

Lives here: the JSON of those requests. Not here: the chats themselves (``radist``, ``telegram``,
``amocrm``).
"""

from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from synkro_assets.simulators.clock import parse_instant
from synkro_assets.simulators.inbox import INBOXES
from synkro_assets.simulators.present import Present
from synkro_assets.simulators.radist.sending import put_message
from synkro_assets.simulators.state import SimulatorState
from synkro_assets.simulators.telegram.store import Bot, TelegramStore
from synkro_assets.simulators.telegram.updates import person_writes
from synkro_assets.simulators.world.crm import CrmDay
from synkro_assets.simulators.world.history import forget_plans, keep
from synkro_assets.simulators.world.lead_life import LeadLife
from synkro_assets.simulators.world.model import Chat, Lead, Person, Phone

from .answers import Refused, body_of
from .worlds import Worlds

MOST_IMPORTED = 5000
LEAD_FIELDS = {
    "name": "name",
    "price": "price",
    "responsible_user_id": "responsible_id",
    "loss_reason_id": "loss_reason_id",
    "custom_fields_values": "custom_fields",
}


class Messages:
    """The endpoints that make things happen inside a loaded world."""

    def __init__(self, state: SimulatorState, telegram: TelegramStore, worlds: Worlds) -> None:
        self.state, self.telegram, self.worlds = state, telegram, worlds

    async def radist(self, request: Request) -> Response:
        """``POST /control/radist/messages``."""
        document = await body_of(request)
        world = self.worlds.found(str(document.get("tenant", "")))
        found = world.chats.get(document.get("chat_id", 0))
        if found is None:
            raise Refused("no such chat", 404)
        direction = document.get("direction", "inbound")
        if direction not in ("inbound", "outbound"):
            raise Refused("direction must be inbound or outbound")
        try:
            at = parse_instant(document["at"]) if document.get("at") else None
        except ValueError as error:
            raise Refused(f"at is no ISO time: {error}") from error
        kind = str(document.get("message_type", "text"))
        text = str(document.get("text", ""))
        row = put_message(self.state, world, found[1], direction, text, at, kind)
        return JSONResponse({"message_id": row.id, "created_at": row.created_at.isoformat()}, 201)

    async def new_chat(self, request: Request) -> Response:
        """``POST /control/radist/chats``: somebody new writes for the first time."""
        document = await body_of(request)
        world = self.worlds.found(str(document.get("tenant", "")))
        day, now = world.days[max(world.days)], self.state.clock.now()
        connection = world.company.connections[0]
        chat = Chat(max(world.chats, default=0) + 1, connection.id, None, None)
        person_id = max(world.people, default=0) + 1
        day.people.append(Person(person_id, None, False, None, [chat], now))
        world.put(day)
        text = str(document.get("text", ""))
        row = put_message(self.state, world, chat, "inbound", text)
        return JSONResponse({"chat_id": chat.id, "message_id": row.id}, 201)

    def _bot(self, tenant: Any, chat_id: Any) -> Bot:
        bot = self.telegram.of_tenant(str(tenant)) if tenant else None
        if bot is None and chat_id and str(chat_id).lstrip("-").isdigit():
            bot = self.telegram.of_chat(int(chat_id))
        if bot is None:
            raise Refused("no bot of that tenant or chat is known", 404)
        return bot

    async def write_telegram(self, request: Request) -> Response:
        """``POST /control/telegram/messages``."""
        document = await body_of(request)
        bot = self._bot(document.get("tenant"), document.get("chat_id"))
        try:
            update = person_writes(self.state, self.telegram, bot, document)
        except LookupError as error:
            raise Refused(str(error), 404) from error
        return JSONResponse(update, 201)

    async def read_telegram(self, request: Request) -> Response:
        """``GET /control/telegram/messages?tenant=|chat_id=``."""
        asked = request.query_params
        bot = self._bot(asked.get("tenant"), asked.get("chat_id"))
        return JSONResponse({"messages": list(self.telegram.sent(bot.chat_id))})

    async def read_inbox(self, request: Request) -> Response:
        """``GET /control/inbox/{resend|whapi|mobizon}?tenant=``: what was sent, oldest first."""
        provider = request.path_params["provider"]
        if provider not in INBOXES:
            raise Refused(f"there is no inbox of {provider!r}", 404)
        tenant = request.query_params.get("tenant", "")
        return JSONResponse({"messages": self.state.inbox.of(provider, tenant)})

    async def change_lead(self, request: Request) -> Response:
        """``POST /control/amocrm/leads/{tenant}/{lead_id}``."""
        world = self.worlds.found(request.path_params["tenant"])
        present = Present(world, self.state.clock.now())
        if present.lead(request.path_params["lead_id"]) is None:
            raise Refused("no such lead", 404)
        lead = world.leads[request.path_params["lead_id"]]
        document = await body_of(request)
        unknown = set(document) - set(LEAD_FIELDS) - {"status_id", "pipeline_id", "is_deleted"}
        if unknown:
            raise Refused(f"cannot change {', '.join(sorted(unknown))}")
        day = world.day_of(lead)
        forget_plans(day, lead, present.now)
        life = LeadLife(self.state.seed, world.company, day, present.now)
        now = present.now.replace(microsecond=0)
        if now <= lead.updated_at:
            now = lead.updated_at + timedelta(seconds=1)
        for name, attribute in LEAD_FIELDS.items():
            if name in document:
                setattr(lead, attribute, document[name])
        lead.updated_at = now
        keep(lead, present.now)
        if document.get("is_deleted"):
            life.delete_now(lead, now)
        elif "is_deleted" in document and lead.is_deleted:
            life.restore_now(lead, now)
        target = (document.get("pipeline_id", lead.pipeline_id),
                  document.get("status_id", lead.status_id))  # fmt: skip
        if target != (lead.pipeline_id, lead.status_id):
            self._check_stage(world.company.pipelines, target)
            life.move(lead, target[1], now, lead.responsible_id, target[0])
        world.put(day)
        return JSONResponse(_changed(lead))

    async def change_contact(self, request: Request) -> Response:
        """``POST /control/amocrm/contacts/{tenant}/{contact_id}``: ``name``, ``phones`` (E.164)."""
        world = self.worlds.found(request.path_params["tenant"])
        contact_id, now = request.path_params["contact_id"], self.state.clock.now()
        if Present(world, now).contact(contact_id) is None:
            raise Refused("no such contact", 404)
        document = await body_of(request)
        for day in world.days.values():
            for contact in day.contacts:
                if contact.id == contact_id:
                    contact.updated_at = now.replace(microsecond=0)
                    contact.name = str(document.get("name", contact.name))
                    if "phones" in document:
                        contact.phones = [Phone(each, [each]) for each in document["phones"]]
            world.put(day)
        return JSONResponse({"id": contact_id})

    async def import_leads(self, request: Request) -> Response:
        """``POST /control/amocrm/leads/{tenant}``: ``count`` leads of one second, ``at`` or now."""
        world = self.worlds.found(request.path_params["tenant"])
        document = await body_of(request)
        now = self.state.clock.now()
        try:
            at = parse_instant(document["at"]) if document.get("at") else now
            count = int(document.get("count", 1))
        except (TypeError, ValueError, AttributeError) as error:
            raise Refused(f"cannot read the request: {error}") from error
        if not 1 <= count <= MOST_IMPORTED or at > now:
            raise Refused(f"count must be 1 to {MOST_IMPORTED}, and at not in the future")
        day = world.days[max(world.days)]
        leads = CrmDay(self.state.seed, world.company, day).add_import(count, at, now)
        world.put(day)
        return JSONResponse({"ids": [lead.id for lead in leads]}, 201)

    def _check_stage(self, pipelines: list[Any], target: tuple[int, int]) -> None:
        if not any(
            p.id == target[0] and any(s.id == target[1] for s in p.statuses) for p in pipelines
        ):
            raise Refused("no such stage in that pipeline")


def _changed(lead: Lead) -> dict[str, Any]:
    return {
        "id": lead.id,
        "pipeline_id": lead.pipeline_id,
        "status_id": lead.status_id,
        "price": lead.price,
        "is_deleted": lead.is_deleted,
        "updated_at": int(lead.updated_at.timestamp()),
    }
