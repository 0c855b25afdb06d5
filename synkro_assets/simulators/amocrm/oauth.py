"""amoCRM's OAuth2: codes, access tokens that expire, refresh tokens that rotate.

Lives here: which tokens are good, the token endpoint, and where an account lives that has moved.
Not here: what a token may read.
"""

import base64
import itertools
import json
from datetime import datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from synkro_assets.simulators.state import SimulatorState, TenantWorld
from synkro_assets.simulators.world.seeds import token

from .answers import BLOCKED, UNPAID, named_account, problem

ACCESS_LIFE = timedelta(hours=24)
REFRESH_LIFE = timedelta(days=90)
CODE_LIFE = timedelta(minutes=20)
DOMAIN_PATH = "/oauth2/account/current/subdomain"
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

    def issue_pair(self, tenant: str, host: str) -> dict[str, Any]:
        """A new access and refresh token; the tenant's earlier refresh token dies.

        ``host`` goes into the access token as ``api_domain``: who to ask when the account moved.
        """
        for old in [value for value, (owner, _) in self._refresh.items() if owner == tenant]:
            del self._refresh[old]
            self._used.add(old)
        return {
            "token_type": "Bearer",
            "expires_in": int(ACCESS_LIFE.total_seconds()),
            "server_time": int(self.state.clock.now().timestamp()),
            "access_token": self._new_access(tenant, host),
            "refresh_token": self._new(tenant, "def502", self._refresh, REFRESH_LIFE),
        }

    def _new_access(self, tenant: str, host: str) -> str:
        """A JWT as amoCRM's are; its signature is made up."""
        now = self.state.clock.now()
        known = self.state.tenants[tenant]
        claims = {
            "aud": known.credentials.client_id,
            "jti": token(self.state.seed, tenant, "jti", next(self._serial), length=32),
            "iat": int(now.timestamp()),
            "nbf": int(now.timestamp()),
            "exp": int((now + ACCESS_LIFE).timestamp()),
            "sub": str(known.company.managers[0].id),
            "account_id": known.company.account_id,
            "base_domain": "amocrm.ru",
            "scopes": ["crm", "notifications"],
            "api_domain": host,
        }
        signature = token(self.state.seed, tenant, "signature", next(self._serial), length=43)
        value = f"{_segment({'typ': 'JWT', 'alg': 'RS256'})}.{_segment(claims)}.{signature}"
        self._access[value] = (tenant, now + ACCESS_LIFE)
        return value

    def owner_of_refresh(self, value: str) -> TenantWorld | None:
        """Whose refresh token this is; ``None`` for a wrong, used or expired one."""
        tenant, until = self._refresh.get(value, ("", None))
        if until is None or until <= self.state.clock.now():
            return None
        return self.state.tenants.get(tenant)

    def tenant_of(self, bearer: str) -> TenantWorld | None:
        """Whose request this is; ``None`` for a wrong or expired token."""
        for world in self.state.worlds():
            if world.credentials.long_lived_token == bearer:
                return world
        tenant, until = self._access.get(bearer, ("", None))
        if until is None or until <= self.state.clock.now():
            return None
        return self.state.tenants.get(tenant)

    def redeem(self, document: dict[str, Any], account: str | None = None) -> str | Response:
        """The tenant whose code or refresh token was given up, or the refusal.

        ``account`` is whose address was asked; ``None`` where the token alone says that.
        """
        grant = document.get("grant_type")
        books = {"authorization_code": ("code", self._codes),
                 "refresh_token": ("refresh_token", self._refresh)}  # fmt: skip
        if grant not in books:
            return problem(400, "grant_type must be authorization_code or refresh_token")
        name, book = books[grant]
        value = str(document.get(name, ""))
        tenant, until = book.get(value, ("", None))
        world = self.state.tenants.get(tenant)
        is_there = account in (None, tenant)
        if world is None or until is None or until <= self.state.clock.now() or not is_there:
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


def _segment(document: dict[str, Any]) -> str:
    packed = base64.urlsafe_b64encode(json.dumps(document).encode())
    return packed.decode().rstrip("=")


def has_moved_from(request: Request, state: SimulatorState) -> bool:
    """Whether the account is to be asked at another host than this request's."""
    moved_to = state.switches["amocrm_moved_to"]
    return bool(moved_to) and request.url.netloc != moved_to


def _refused(status: int, name: str) -> Response:
    document = {
        "title": "Bad Request" if status == 400 else "Unauthorized",
        "type": f"https://httpstatus.es/{status}",
        "status": status,
        "detail": f"The {name.replace('_', ' ')} is invalid",
        "hint": "Token has been revoked",
    }
    return JSONResponse(document, status, media_type="application/problem+json")


def _refusal_of_all(state: SimulatorState, client_id: str) -> Response | None:
    """What an account that is refused everything hears here too; no token is spent by it."""
    world = state.by_credential("client_id", client_id)
    if world and state.limits.is_banned(world.company.tenant, state.clock.now()):
        return problem(403, BLOCKED)
    return problem(402, UNPAID) if state.switches["amocrm_unpaid"] else None


async def access_token(request: Request, book: TokenBook) -> Response:
    """``POST /oauth2/access_token``."""
    try:
        document = await request.json()
    except ValueError:
        return problem(400, "the body must be JSON")
    if not isinstance(document, dict):
        return problem(400, "the body must be a JSON object")
    if has_moved_from(request, book.state):
        # Nothing is redeemed: the same token works at the new host.
        return problem(401, "the account has moved")
    refusal = _refusal_of_all(book.state, str(document.get("client_id")))
    if refusal is not None:
        return refusal
    tenant = book.redeem(document, named_account(request))
    if isinstance(tenant, Response):
        return tenant
    return JSONResponse(book.issue_pair(tenant, request.url.netloc))


async def account_domain(request: Request, book: TokenBook) -> Response:
    """``GET /oauth2/account/current/subdomain``: which host a refresh token's account is at."""
    world = book.owner_of_refresh(request.headers.get("x-refresh-token", ""))
    if world is None:
        return problem(401, "X-Refresh-Token is missing or no longer valid")
    host = book.state.switches["amocrm_moved_to"] or request.url.netloc
    labels = host.partition(":")[0].split(".")
    has_name = labels[0][:1].isalpha()
    return JSONResponse(
        {
            "id": world.company.account_id,
            "subdomain": labels[0] if has_name else world.company.tenant,
            "domain": host,
            "top_level_domain": labels[-1] if has_name else "",
        }
    )


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
