"""Faults, limits, switches, the clock and the request log over HTTP.

Lives here: their JSON. Not here: their meaning (the modules of those names).
"""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from synkro_assets.simulators.clock import parse_instant
from synkro_assets.simulators.faults import BadFault
from synkro_assets.simulators.limits import UnknownLimit
from synkro_assets.simulators.state import SimulatorState
from synkro_assets.simulators.switches import UnknownSwitch

from .answers import Refused, body_of


class Trouble:
    """The endpoints that change how the providers behave."""

    def __init__(self, state: SimulatorState) -> None:
        self.state = state

    async def add_fault(self, request: Request) -> Response:
        """``POST /control/faults``."""
        try:
            fault = self.state.faults.add(await body_of(request))
        except (BadFault, TypeError, ValueError, AttributeError) as error:
            if isinstance(error, Refused):
                raise
            raise Refused(str(error)) from error
        return JSONResponse({"fault_id": fault.fault_id}, 201)

    async def list_faults(self, request: Request) -> Response:
        """``GET /control/faults``."""
        return JSONResponse({"faults": self.state.faults.as_list()})

    async def clear_faults(self, request: Request) -> Response:
        """``DELETE /control/faults``."""
        self.state.faults.clear()
        return Response(status_code=204)

    async def remove_fault(self, request: Request) -> Response:
        """``DELETE /control/faults/{fault_id}``."""
        if not self.state.faults.remove(request.path_params["fault_id"]):
            raise Refused("no such fault", 404)
        return Response(status_code=204)

    async def limits(self, request: Request) -> Response:
        """``GET``, ``POST`` and ``DELETE /control/limits``."""
        if request.method == "DELETE":
            self.state.limits.reset()
        elif request.method == "POST":
            try:
                self.state.limits.update(await body_of(request))
            except UnknownLimit as error:
                raise Refused(str(error)) from error
        return JSONResponse(self.state.limits.as_dict())

    async def switches(self, request: Request) -> Response:
        """``GET``, ``POST`` and ``DELETE /control/switches``."""
        if request.method == "DELETE":
            self.state.switches.reset()
        elif request.method == "POST":
            try:
                self.state.switches.update(await body_of(request))
            except UnknownSwitch as error:
                raise Refused(str(error)) from error
        return JSONResponse(self.state.switches.as_dict())

    async def clock(self, request: Request) -> Response:
        """``GET`` and ``PUT /control/clock``."""
        clock = self.state.clock
        if request.method == "PUT":
            document = await body_of(request)
            try:
                # A rate alone changes how fast it goes on, not what time it is.
                kept = clock.now() if "rate" in document else None
                text = document.get("now", kept.isoformat() if kept else None)
                now = parse_instant(text) if text else None
                clock.set(now, float(document.get("rate", 1.0)))
            except (TypeError, ValueError, AttributeError) as error:
                raise Refused(f"cannot read the time: {error}") from error
        return JSONResponse(
            {"now": clock.now().isoformat(), "rate": clock.rate, "virtual": clock.is_virtual}
        )

    async def log(self, request: Request) -> Response:
        """``GET`` and ``DELETE /control/log``."""
        if request.method == "DELETE":
            self.state.log.clear()
            return Response(status_code=204)
        provider = request.query_params.get("provider") or None
        limit = request.query_params.get("limit", "1000")
        if not limit.isdigit():
            raise Refused("limit must be a number")
        return JSONResponse(
            {
                "requests": self.state.log.rows(provider, int(limit)),
                "summary": self.state.log.summary(provider),
            }
        )
