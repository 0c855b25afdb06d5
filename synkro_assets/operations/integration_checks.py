"""Checking a tenant's integrations against their providers, and remembering the outcomes.

What lives here: the order of a check and what is stored of it. What each kind looks at and shows is
``operations/checks``; the clients are ``providers``; saving settings is ``integration_settings``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from synkro_assets.domain.errors import MissingIntegration, SynkroError, TokenExpired, WorkFailed
from synkro_assets.domain.tenant import Tenant
from synkro_assets.operations.amocrm_tokens import to_reconnect
from synkro_assets.operations.checks import LOOKS, LookContext
from synkro_assets.operations.integration_settings import opened, stored
from synkro_assets.operations.platform import Platform
from synkro_assets.operations.provider_clients import client_of, has_client
from synkro_assets.storage.integrations import record_check

# What reading a value of another kind than expected raises.
_UNREADABLE = (AttributeError, LookupError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class CheckOutcome:
    """What a check found; ``seen`` is what a person wants to see when it worked."""

    kind: str
    status: str
    error: str | None
    seen: dict[str, Any]

    def as_dict(self) -> dict[str, Any]:
        return {"kind": self.kind, "status": self.status, "error": self.error, **self.seen}

    def shown(self) -> str:
        """What was seen, on one line; what has several parts follows on lines of their own."""
        return "; ".join(f"{name}: {_listed(value)}" for name, value in self.seen.items())


def _listed(value: Any) -> str:
    if isinstance(value, dict):
        return "".join(f"\n  {name}: {each}" for name, each in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def check_integrations(
    platform: Platform,
    tenant: Tenant,
    kind: str | None = None,
    *,
    may_send: bool = True,
    is_asked_to_send: bool = False,
    on_kind: Callable[[str], None] = lambda _: None,
) -> list[CheckOutcome]:
    """Check one integration, or all that are saved; raises MissingIntegration for none.

    ``on_kind`` is told of each kind before it is asked; without ``may_send`` no check sends
    anything to anybody, and what costs money is sent only if ``is_asked_to_send``.
    """
    found = stored(platform, tenant)
    kinds = [kind] if kind is not None else list(found)
    missing = [name for name in kinds if name not in found]
    if missing or not kinds:
        raise MissingIntegration(
            f"tenant {tenant.slug} has no {missing[0] if missing else 'integrations'}"
            f"{' integration' if missing else ''}: save one with 'synkro integrations set'"
        )
    outcomes = []
    for name in kinds:
        on_kind(name)
        outcomes.append(
            _check(LookContext(platform, tenant, found[name], may_send, is_asked_to_send))
        )
    return outcomes


def _check(context: LookContext) -> CheckOutcome:
    kind, error, seen = context.integration.kind, None, {}
    try:
        if not has_client(kind):
            opened(context.platform, context.tenant, context.integration)
            return CheckOutcome(kind, "unchecked", "this kind has no check yet", {})
        seen = _seen(context)
    except TokenExpired as problem:
        error = to_reconnect(str(problem))
    except SynkroError as problem:
        error = str(problem)
    platform, tenant = context.platform, context.tenant
    with platform.database.console_transaction(tenant.tenant_id) as connection:
        record_check(connection, tenant.tenant_id, kind, error, platform.clock.now())
    return CheckOutcome(kind, "error" if error else "ok", error, seen)


def _seen(context: LookContext) -> dict[str, Any]:
    platform, tenant, integration = context.platform, context.tenant, context.integration
    with client_of(platform, tenant, integration, ignores_stop=True) as client:
        try:
            return LOOKS[integration.kind](client, context)
        except _UNREADABLE:
            pass
    raise _strange(integration.kind)


def _strange(kind: str) -> SynkroError:
    """Raised outside the handler: the cause may quote what the provider said of people."""
    return WorkFailed(
        f"{kind} answered in an unknown shape: check the base_url and try again; if it stays so, "
        "the provider has changed its answers"
    )
