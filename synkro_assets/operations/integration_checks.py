"""Checking an integration against its provider, and remembering the outcome.

What lives here: what each kind shows a person who wants to know whether it works. The clients are
``providers``; saving settings is ``integration_settings``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from synkro_assets.delivery.supabase_look import look_at_project
from synkro_assets.domain.errors import MissingIntegration, SynkroError
from synkro_assets.domain.tenant import Tenant
from synkro_assets.operations.integration_settings import opened, stored
from synkro_assets.operations.platform import Platform
from synkro_assets.operations.provider_clients import client_of, has_client
from synkro_assets.storage.integrations import StoredIntegration, record_check


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
        """What was seen, on one line."""
        return "; ".join(f"{name}: {_listed(value)}" for name, value in self.seen.items())


def _listed(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def check_integrations(
    platform: Platform, tenant: Tenant, kind: str | None = None
) -> list[CheckOutcome]:
    """Check one integration, or all that are saved; raises MissingIntegration for none."""
    found = stored(platform, tenant)
    kinds = [kind] if kind is not None else list(found)
    missing = [name for name in kinds if name not in found]
    if missing or not kinds:
        raise MissingIntegration(
            f"tenant {tenant.slug} has no {missing[0] if missing else 'integrations'}"
            f"{' integration' if missing else ''}: save one with 'synkro integrations set'"
        )
    return [_check(platform, tenant, found[name]) for name in kinds]


def _check(platform: Platform, tenant: Tenant, integration: StoredIntegration) -> CheckOutcome:
    kind, error, seen = integration.kind, None, {}
    try:
        if not has_client(kind):
            opened(platform, tenant, integration)
            return CheckOutcome(kind, "unchecked", "this kind has no check yet", {})
        with client_of(platform, tenant, integration, ignores_stop=True) as client:
            seen = _LOOKS[kind](client, integration)
    except SynkroError as problem:
        error = str(problem)
    with platform.database.console_transaction(tenant.tenant_id) as connection:
        record_check(connection, tenant.tenant_id, kind, error, platform.clock.now())
    return CheckOutcome(kind, "error" if error else "ok", error, seen)


def _amocrm(client: Any, _: StoredIntegration) -> dict[str, Any]:
    account = client.account()
    contacts = client.sample_contacts(3)
    return {"account": account.get("name"), "contacts": [each.get("name") for each in contacts]}


def _radist(client: Any, _: StoredIntegration) -> dict[str, Any]:
    connections = [f"{each.get('type')} {each.get('id')}" for each in client.connections()]
    page: list[dict[str, Any]] = next(iter(client.chats_with_contacts()), [])
    chats = [chat.get("chat_id") for contact in page[:1] for chat in contact.get("chats") or []]
    return {"connections": connections, "chat": chats[0] if chats else None}


def _ai(client: Any, _: StoredIntegration) -> dict[str, Any]:
    models = [each.get("name") for each in client.models()]
    return {"model": client.model, "models": models}


def _telegram(client: Any, integration: StoredIntegration) -> dict[str, Any]:
    me = client.get_me()
    return {"bot": me.get("username"), "chat_id": integration.public_data.get("chat_id")}


def _supabase(client: Any, integration: StoredIntegration) -> dict[str, Any]:
    return look_at_project(client, str(integration.tenant_id))


_LOOKS: dict[str, Callable[[Any, StoredIntegration], dict[str, Any]]] = {
    "amocrm": _amocrm,
    "radist": _radist,
    "ai": _ai,
    "telegram": _telegram,
    "supabase": _supabase,
}
