"""Sending an e-mail, once per idempotency key.

Lives here: ``POST /emails``, its checks, and the answers kept under their keys for 24 hours of the
virtual clock. Not here: who may send (``app``).
"""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from synkro_assets.simulators.state import SimulatorState, TenantWorld
from synkro_assets.simulators.world.seeds import message_id

from .answers import refusal

KEPT_FOR = timedelta(hours=24)
LONGEST_KEY, MOST_RECIPIENTS = 256, 50
TEST_DOMAIN = "resend.dev"


class Desk:
    """Takes e-mails and remembers what it answered under which key."""

    def __init__(self, state: SimulatorState, domain: Callable[[TenantWorld], str]) -> None:
        self.state, self.domain = state, domain
        self._answered: dict[tuple[str, str], tuple[datetime, str, dict[str, Any]]] = {}

    async def send(self, request: Request, world: TenantWorld) -> Response:
        """``POST /emails``."""
        try:
            document = await request.json()
        except ValueError:
            return refusal(400, "validation_error", "The request body is not valid JSON")
        if not isinstance(document, dict):
            return refusal(422, "validation_error", "The request body must be an object")
        key, tenant = request.headers.get("idempotency-key"), world.company.tenant
        if key is not None and not 1 <= len(key) <= LONGEST_KEY:
            text = "The idempotency key must be between 1 and 256 characters"
            return refusal(400, "invalid_idempotency_key", text)
        now, body = self.state.clock.now(), json.dumps(document, sort_keys=True)
        kept = self._answered.get((tenant, key)) if key else None
        if kept is not None and now - kept[0] < KEPT_FOR:
            if kept[1] == body:
                return JSONResponse(kept[2])
            text = "This idempotency key was used with a different request body"
            return refusal(409, "invalid_idempotent_request", text)
        refused = self._refused(document, world)
        if refused is not None:
            return refused
        sent = len(self.state.inbox.of("resend", tenant))
        answer = {"id": message_id(tenant, 0, "resend", sent, now)}
        self.state.inbox.add(
            "resend", tenant, {**document, **answer, "created_at": now.isoformat()}
        )
        if key:
            self._answered[tenant, key] = (now, body, answer)
        return JSONResponse(answer)

    def _refused(self, document: dict[str, Any], world: TenantWorld) -> Response | None:
        quota = self.state.switches["resend_quota"]
        if quota:
            text = f"You have reached your {quota} email sending quota"
            return refusal(429, f"{quota}_quota_exceeded", text)
        for name in ("from", "to", "subject"):
            if not document.get(name):
                return refusal(422, "missing_required_field", f"Missing `{name}` field")
        if not document.get("html") and not document.get("text"):
            return refusal(422, "missing_required_field", "Missing `html` or `text` field")
        to = document["to"] if isinstance(document["to"], list) else [document["to"]]
        if len(to) > MOST_RECIPIENTS or not all("@" in str(each) for each in to):
            return refusal(422, "validation_error", "Invalid `to` field")
        domain = parseaddr(str(document["from"]))[1].rpartition("@")[2].lower()
        if "." not in domain:
            text = "Invalid `from` field. Use `email@example.com` or `Name <email@example.com>`"
            return refusal(422, "invalid_from_address", text)
        own, status = self.domain(world), self.state.switches["resend_domain_status"]
        if domain == TEST_DOMAIN and any(each != f"owner@{own}" for each in to):
            text = "You can only send testing emails to your own email address"
            return refusal(403, "validation_error", text)
        if domain != TEST_DOMAIN and (domain != own or status != "verified"):
            text = f"The {domain} domain is not verified. Please, add and verify your domain"
            return refusal(403, "validation_error", text)
        return None
