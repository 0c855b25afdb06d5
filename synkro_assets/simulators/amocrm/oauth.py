"""amoCRM's OAuth2: codes, access tokens that expire, refresh tokens that rotate.

Lives here: which tokens are good, and the token endpoint. Not here: what a token may read.
"""

import itertools
from datetime import datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from synkro_assets.simulators.state import SimulatorState, TenantWorld
from synkro_assets.simulators.world.seeds import token

from .answers import problem

ACCESS_LIFE = timedelta(hours=24)
REFRESH_LIFE = timedelta(days=90)
CODE_LIFE = timedelta(minutes=20)
REDIRECT_URI = "http://127.0.0.1:8000/oauth/amocrm/callback"


class TokenBook:
    """Every token of every tenant; all times are the virtual clock's."""

    def __init__(self, state: SimulatorState) -> None:
        self.state = state
        self._serial = itertools.count(1)
        self._access: dict[str, tuple[str, datetime]] = {}
        self._refresh: dict[str, tuple[str, datetime]] = {}
        self._codes: dict[str, tuple[str, datetime]] = {}
        self._used: set[str] = set()

    def _new(self, tenant: str, kind: str, book: dict[str, Any], life: timedelta) -> str:
        value = f"{kind}.{token(self.state.seed, tenant, kind, next(self._serial), length=60)}"
        book[value] = (tenant, self.state.clock.now() + life)
        return value

    def issue_code(self, tenant: str) -> str:
        """A single-use authorization code."""
        return self._new(tenant, "def", self._codes, CODE_LIFE)

    def issue_pair(self, tenant: str) -> dict[str, Any]:
        """A new access and refresh token; the tenant's earlier refresh token dies."""
        for old in [value for value, (owner, _) in self._refresh.items() if owner == tenant]:
            del self._refresh[old]
            self._used.add(old)
        return {
            "token_type": "Bearer",
            "expires_in": int(ACCESS_LIFE.total_seconds()),
            "server_time": int(self.state.clock.now().timestamp()),
            "access_token": self._new(tenant, "eyJ0", self._access, ACCESS_LIFE),
            "refresh_token": self._new(tenant, "def502", self._refresh, REFRESH_LIFE),
        }

    def tenant_of(self, bearer: str) -> TenantWorld | None:
        """Whose request this is; ``None`` for a wrong or expired token."""
        for world in self.state.worlds():
            if world.credentials.long_lived_token == bearer:
                return world
        tenant, until = self._access.get(bearer, ("", None))
        if until is None or until <= self.state.clock.now():
            return None
        return self.state.tenants.get(tenant)

    def redeem(self, document: dict[str, Any]) -> str | Response:
        """The tenant whose code or refresh token was given up, or the refusal."""
        grant = document.get("grant_type")
        books = {"authorization_code": ("code", self._codes),
                 "refresh_token": ("refresh_token", self._refresh)}  # fmt: skip
        if grant not in books:
            return problem(400, "grant_type must be authorization_code or refresh_token")
        name, book = books[grant]
        value = str(document.get(name, ""))
        tenant, until = book.get(value, ("", None))
        world = self.state.tenants.get(tenant)
        if world is None or until is None or until <= self.state.clock.now():
            status = (
                self.state.switches["amocrm_used_refresh_status"]
                if grant != "authorization_code"
                else 400
            )
            return _refused(int(status), name)
        known = world.credentials
        if (document.get("client_id"), document.get("client_secret")) != (
            known.client_id,
            known.client_secret,
        ):
            return problem(401, "client_id or client_secret is wrong")
        if not document.get("redirect_uri"):
            return problem(400, "redirect_uri is missing")
        del book[value]
        return tenant


def _refused(status: int, name: str) -> Response:
    document = {
        "title": "Bad Request" if status == 400 else "Unauthorized",
        "type": f"https://httpstatus.es/{status}",
        "status": status,
        "detail": f"The {name.replace('_', ' ')} is invalid",
        "hint": "Token has been revoked",
    }
    return JSONResponse(document, status, media_type="application/problem+json")


async def access_token(request: Request, book: TokenBook) -> Response:
    """``POST /oauth2/access_token``."""
    try:
        document = await request.json()
    except ValueError:
        return problem(400, "the body must be JSON")
    if not isinstance(document, dict):
        return problem(400, "the body must be a JSON object")
    if book.state.switches["amocrm_moved_to"]:
        return problem(401, "the account has moved")
    tenant = book.redeem(document)
    if isinstance(tenant, Response):
        return tenant
    return JSONResponse(book.issue_pair(tenant))


async def authorize(request: Request, book: TokenBook) -> Response:
    """``GET /oauth``: the owner consents at once and is sent back with a code."""
    client_id = request.query_params.get("client_id", "")
    for world in book.state.worlds():
        if world.credentials.client_id == client_id:
            code = book.issue_code(world.company.tenant)
            target = request.query_params.get("redirect_uri", REDIRECT_URI)
            state = request.query_params.get("state", "")
            return RedirectResponse(
                f"{target}?code={code}&state={state}&referer={request.url.netloc}"
                f"&client_id={client_id}",
                status_code=302,
            )
    return problem(404, "no such integration")
