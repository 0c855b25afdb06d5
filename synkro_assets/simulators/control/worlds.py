"""Loading, listing and removing worlds; the truth about a day.

Lives here: the JSON of a load request and of its answer. Not here: how a day is made
(``world.day``).
"""

from datetime import datetime
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from synkro_assets.simulators.amocrm.oauth import REDIRECT_URI, TokenBook
from synkro_assets.simulators.clock import parse_instant
from synkro_assets.simulators.present import END_OF_TIME, Present
from synkro_assets.simulators.resend.app import mail_domain
from synkro_assets.simulators.state import SimulatorState, TenantWorld, credentials
from synkro_assets.simulators.telegram.store import TelegramStore
from synkro_assets.simulators.world.company import company
from synkro_assets.simulators.world.day import BadOrder, DayOrder, make_day
from synkro_assets.simulators.world.dialog_file import BrokenLine
from synkro_assets.simulators.world.model import Day
from synkro_assets.simulators.world.truth import truth

from .answers import Refused, body_of

MODEL = "gemini-3.5-flash"
OWNERS_PHONE = "77010000000"
FALLBACKS = ["gemini-3.5-flash-lite"]


class Worlds:
    """The endpoints around worlds."""

    def __init__(self, state: SimulatorState, book: TokenBook, telegram: TelegramStore) -> None:
        self.state, self.book, self.telegram = state, book, telegram

    async def load(self, request: Request) -> Response:
        """``POST /control/worlds``."""
        order = self._order(await body_of(request))
        seed = self.state.seed
        try:
            order.check()
            known = company(order.seed, order.tenant, order.language, order.region, order.timezone)
            day = make_day(order, known)
        except BrokenLine as error:
            raise Refused(str(error), line=error.line) from error
        except BadOrder as error:
            raise Refused(str(error)) from error
        keys = credentials(seed, order.tenant)
        world = self.state.tenants.setdefault(order.tenant, TenantWorld(known, keys))
        world.company = known
        world.put(day)
        self.telegram.register(order.tenant, keys.bot_token, keys.chat_id, known.name)
        return JSONResponse(
            {
                "tenant": order.tenant,
                "day": order.day,
                "integrations": integrations(request, world),
                "senders": senders(request, world),
                "oauth": self._oauth(world),
                "counts": counts(day),
            }
        )

    def _order(self, document: dict[str, Any]) -> DayOrder:
        missing = [
            n for n in ("tenant", "day", "window_start", "window_end") if not document.get(n)
        ]
        if missing:
            raise Refused(f"missing: {', '.join(missing)}")
        path = document.get("dialogs_file", self.state.dialogs)
        try:
            return DayOrder(
                tenant=str(document["tenant"]),
                day=str(document["day"]),
                window_start=parse_instant(document["window_start"]),
                window_end=parse_instant(document["window_end"]),
                timezone=document.get("timezone") or "Europe/Moscow",
                language=document.get("language") or "ru",
                region=document.get("region") or "RU",
                dialogs=int(document.get("dialogs", 24)),
                dialogs_file=Path(path) if path else None,
                seed=int(document.get("seed", self.state.seed)),
                lead_base=int(base) if (base := document.get("lead_base")) is not None else None,
            )
        except (TypeError, ValueError, AttributeError) as error:
            raise Refused(f"cannot read the request: {error}") from error

    def _oauth(self, world: TenantWorld) -> dict[str, Any]:
        """What an OAuth client of the tenant needs instead of the long-lived token."""
        keys = world.credentials
        return {
            "client_id": keys.client_id,
            "client_secret": keys.client_secret,
            "redirect_uri": REDIRECT_URI,
            "authorization_code": self.book.issue_code(world.company.tenant),
        }

    async def index(self, request: Request) -> Response:
        """``GET /control/worlds``."""
        return JSONResponse(
            {
                "worlds": [
                    {
                        "tenant": tenant,
                        "company": world.company.name,
                        "timezone": world.company.timezone,
                        "language": world.company.language,
                        "days": {day.day: counts(day) for day in world.days.values()},
                        "integrations": integrations(request, world),
                        "senders": senders(request, world),
                    }
                    for tenant, world in self.state.tenants.items()
                ]
            }
        )

    def found(self, tenant: str) -> TenantWorld:
        """The tenant's world, or a 404."""
        world = self.state.tenants.get(tenant)
        if world is None:
            raise Refused(f"no world of tenant {tenant!r} is loaded", 404)
        return world

    async def truth(self, request: Request) -> Response:
        """``GET /control/worlds/{tenant}/truth?day=&at=``: all of it, or what showed at ``at``."""
        world = self.found(request.path_params["tenant"])
        wanted = request.query_params.get("day") or max(world.days)
        if wanted not in world.days:
            raise Refused(f"day {wanted} is not loaded", 404)
        try:
            at = parse_instant(request.query_params.get("at") or END_OF_TIME.isoformat())
        except ValueError as error:
            raise Refused(f"at is no ISO time: {error}") from error
        return JSONResponse(truth(world.company, Present(world, at).day(wanted)))

    async def remove(self, request: Request) -> Response:
        """``DELETE /control/worlds/{tenant}``."""
        self.found(request.path_params["tenant"])
        del self.state.tenants[request.path_params["tenant"]]
        return Response(status_code=204)

    async def oauth_code(self, request: Request) -> Response:
        """``POST /control/amocrm/oauth/{tenant}``: client, a new code, and a new token pair."""
        world = self.found(request.path_params["tenant"])
        pair = self.book.issue_pair(world.company.tenant, request.url.netloc)
        return JSONResponse({**self._oauth(world), **pair})


def integrations(request: Request, world: TenantWorld) -> dict[str, Any]:
    """The tenant's integrations, addressed as the caller addressed this server."""
    here = f"{request.url.scheme}://{request.url.netloc}"
    keys = world.credentials
    return {
        "amocrm": {
            "base_url": f"{here}/amocrm/accounts/{world.company.tenant}",
            "long_lived_token": keys.long_lived_token,
        },
        "radist": {
            "base_url": f"{here}/radist/v2",
            "company_id": world.company.company_id,
            "api_key": keys.radist_key,
        },
        "ai": {
            "provider": "gemini",
            "base_url": f"{here}/gemini",
            "api_key": keys.gemini_key,
            "model": MODEL,
            "fallback_models": FALLBACKS,
        },
        "telegram": {
            "base_url": f"{here}/telegram/bot",
            "bot_token": keys.bot_token,
            "chat_id": str(keys.chat_id),
            "message_thread_id": None,
        },
    }


def senders(request: Request, world: TenantWorld) -> dict[str, Any]:
    """The integrations that only send: a tenant may have any of them, and needs none."""
    here = f"{request.url.scheme}://{request.url.netloc}"
    keys, domain = world.credentials, mail_domain(world)
    return {
        "resend": {
            "base_url": f"{here}/resend",
            "api_key": keys.resend_key,
            "from": f"Synkro <reports@{domain}>",
            "to": [f"owner@{domain}"],
        },
        "whapi": {"base_url": f"{here}/whapi", "token": keys.whapi_token, "to": [OWNERS_PHONE]},
        "mobizon": {
            "base_url": f"{here}/mobizon",
            "api_key": keys.mobizon_key,
            "from": None,
            "recipients": [OWNERS_PHONE],
        },
    }


def counts(day: Day) -> dict[str, int]:
    """How much a day holds, and how much of it lies in the window."""

    def inside(moment: datetime) -> bool:
        return day.window_start <= moment < day.window_end

    chats = [chat for person in day.people for chat in person.chats]
    moments = [message.created_at for chat in chats for message in chat.messages]
    return {
        "contacts": len(day.contacts),
        "leads": len(day.leads),
        "events": len(day.events),
        "events_in_window": sum(inside(event.created_at) for event in day.events),
        "people": len(day.people),
        "chats": len(chats),
        "messages": len(moments),
        "messages_in_window": sum(inside(moment) for moment in moments),
    }
