"""Looking at Resend: the key, the sender's domain, and a test e-mail when asked for.

What lives here: what is shown of them. The requests are ``providers/resend``.
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from synkro_assets.domain.errors import ProviderRefused
from synkro_assets.operations.checks import trial
from synkro_assets.operations.checks.context import LookContext
from synkro_assets.providers.resend import PROVIDER, ResendClient, SendingOnlyKey, domain_of

_ONLY_SENDS = "the key is valid and may only send, so the sender's domain cannot be looked at"
_VERIFIED = "verified"
# Resend's own domain, for trying out; it reaches nobody but the account's owner.
_TEST_DOMAIN = "resend.dev"


def look(client: ResendClient, context: LookContext) -> dict[str, Any]:
    """The sender, its domain's status, and the id of a test e-mail."""
    seen = {"from": client.sender, **_domain(client)}
    if not context.is_asked_to_send:
        return {**seen, "test_message": trial.NOT_SENT}
    to = [trial.first_recipient(context, "to")]
    words = trial.subject(context), trial.text(context)
    return {**seen, "test_message": client.send(to, *words, idempotency_key=str(uuid4()))}


def _domain(client: ResendClient) -> dict[str, Any]:
    wanted = domain_of(client.sender)
    try:
        domains = client.domains()
    except SendingOnlyKey:
        return {"note": _ONLY_SENDS}
    if wanted == _TEST_DOMAIN:
        return {"note": f"{_TEST_DOMAIN} reaches the owner of the account only"}
    status = domains.get(wanted)
    if status != _VERIFIED:
        state = f"is {status}" if status else "is not among the account's domains"
        what_to_do = f"verify it in {PROVIDER}, or correct 'from'"
        text = f"{PROVIDER} will not send: the domain {wanted} of 'from' {state}; {what_to_do}"
        raise ProviderRefused(PROVIDER, text)
    return {"domain": f"{wanted} {status}"}
