"""Mobizon: the balance, SMS and their status.

Lives here: every answer below ``/mobizon``; all but a few have status 200 and say by ``code`` what
happened. Not here: what arrived (``inbox``).
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from synkro_assets.simulators.state import SimulatorState, TenantWorld

BALANCE = {"balance": "4521.6500", "currency": "KZT"}
MESSAGES = {
    1: "Data validation failed", 2: "Entity not found", 3: "Unidentified application error",
    4: "Incorrect module", 5: "Incorrect method", 6: "Incorrect format", 8: "Login failed",
    9: "Access denied", 10: "Data could not be saved", 11: "A required parameter is missing",
    12: "A parameter is wrong", 13: "Wrong API server", 14: "The account is blocked",
    15: "The operation failed", 30: "Too frequent calls", 98: "Partly processed",
    99: "Not processed", 100: "The operation runs in the background", 999: "General error",
}  # fmt: skip
RIGHT_SERVER = "api.mobizon.ua"
MODULES = {"user", "message"}

Given = dict[str, Any]
Method = Callable[[SimulatorState, TenantWorld, Given], Response]


def answer(code: int, data: Any = None) -> Response:
    """An answer of any kind."""
    return JSONResponse({"code": code, "data": data, "message": MESSAGES.get(code, "")})


def routes(state: SimulatorState) -> list[BaseRoute]:
    """Every route below ``/mobizon``."""

    async def call(request: Request) -> Response:
        query = request.query_params
        module, method = request.path_params["module"], request.path_params["method"]
        if query.get("output") != "json" or query.get("api") != "v1":
            return answer(6)
        world = state.by_credential("mobizon_key", query.get("apiKey", ""))
        if world is None:
            return answer(8)
        code = state.switches["mobizon_code"]
        if code is not None:
            return answer(code, RIGHT_SERVER if code == 13 else None)
        if module not in MODULES:
            return answer(4)
        known = METHODS.get(f"{module}/{method}")
        if known is None:
            return answer(5)
        form = dict(parse_qsl((await request.body()).decode())) if request.method == "POST" else {}
        return known(state, world, {**query, **form})

    return [Route("/service/{module}/{method}", call, methods=["GET", "POST"])]


def balance(state: SimulatorState, world: TenantWorld, given: Given) -> Response:
    """``user/getOwnBalance``."""
    return answer(0, BALANCE)


def send(state: SimulatorState, world: TenantWorld, given: Given) -> Response:
    """``message/sendSmsMessage``."""
    missing = [name for name in ("recipient", "text") if not given.get(name)]
    if missing:
        return answer(11, dict.fromkeys(missing, "is required"))
    to = str(given["recipient"])
    if not (to.isdigit() and 10 <= len(to) <= 15):
        return answer(1, {"recipient": f"{to} is not a phone number"})
    tenant = world.company.tenant
    number = 30_000_001 + len(state.inbox.of("mobizon", tenant))
    row = {"id": str(number), "recipient": to, "text": given["text"], "from": given.get("from")}
    state.inbox.add("mobizon", tenant, row)
    if state.switches["mobizon_in_background"]:
        return answer(100, 90_000_000 + number)
    return answer(0, {"campaignId": str(number - 1_000), "messageId": str(number), "status": 2})


def status(state: SimulatorState, world: TenantWorld, given: Given) -> Response:
    """``message/getSmsStatus``."""
    ids = str(given.get("ids", "")).split(",")
    found = [state.inbox.found("mobizon", world.company.tenant, each) for each in ids]
    now = state.clock.now().strftime("%Y-%m-%d %H:%M:%S")
    rows = [
        {"id": row["id"], "status": "DELIVRD", "segNum": "1", "startSendTs": now,
         "statusUpdateTs": now}
        for row in found if row is not None
    ]  # fmt: skip
    return answer(0, rows) if rows else answer(2)


METHODS: dict[str, Method] = {
    "user/getOwnBalance": balance,
    "message/sendSmsMessage": send,
    "message/getSmsStatus": status,
}
