"""Wiring clients: a tenant's integration, its opened secrets, the limiter and the log.

What lives here: the one place where storage and providers meet. The clients are ``providers``; the
fields of each kind are ``providers/catalog.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from synkro_assets.domain.errors import MissingIntegration
from synkro_assets.domain.protocols import SetAside
from synkro_assets.domain.tenant import Tenant
from synkro_assets.operations.amocrm_tokens import tenant_tokens
from synkro_assets.operations.integration_settings import opened
from synkro_assets.operations.platform import Platform
from synkro_assets.providers import (
    amocrm,
    gemini,
    mobizon,
    radist,
    resend,
    supabase,
    telegram,
    whapi,
)
from synkro_assets.providers.payloads import redacted
from synkro_assets.providers.redaction import Redactor
from synkro_assets.providers.sifting import forget
from synkro_assets.storage.integration_logs import IntegrationLogger, Related
from synkro_assets.storage.integrations import StoredIntegration, integrations_of
from synkro_assets.storage.request_slots import RequestSlots, account_key

_FACTORIES: dict[str, Callable[..., Any]] = {
    "amocrm": amocrm.client,
    "radist": radist.client,
    "ai": gemini.client,
    "telegram": telegram.client,
    "supabase": supabase.client,
    "resend": resend.client,
    "mobizon": mobizon.client,
    "whapi": whapi.client,
}


def amocrm_client(
    platform: Platform,
    tenant: Tenant,
    about: Related | None = None,
    set_aside: SetAside = forget,
) -> amocrm.AmoCrmClient:
    """The tenant's amoCRM client; raises MissingIntegration."""
    return _client(platform, tenant, "amocrm", about, set_aside=set_aside)  # type: ignore[no-any-return]  # by the table above


def radist_client(
    platform: Platform,
    tenant: Tenant,
    about: Related | None = None,
    set_aside: SetAside = forget,
) -> radist.RadistClient:
    """The tenant's Radist client; raises MissingIntegration."""
    return _client(platform, tenant, "radist", about, set_aside=set_aside)  # type: ignore[no-any-return]  # by the table above


def telegram_client(
    platform: Platform, tenant: Tenant, about: Related | None = None
) -> telegram.TelegramClient:
    """The tenant's bot; raises MissingIntegration."""
    return _client(platform, tenant, "telegram", about)  # type: ignore[no-any-return]  # by the table above


def supabase_client(
    platform: Platform, tenant: Tenant, about: Related | None = None
) -> supabase.SupabaseClient:
    """The tenant's own Supabase project; raises MissingIntegration."""
    return _client(platform, tenant, "supabase", about)  # type: ignore[no-any-return]  # by the table above


def model_client(
    platform: Platform, tenant: Tenant, about: Related | None = None
) -> gemini.GeminiClient | None:
    """The tenant's model, or None: a report without one is a report of facts only."""
    with platform.database.tenant_transaction(tenant.tenant_id) as connection:
        if "ai" not in integrations_of(connection, tenant.tenant_id):
            return None
    return _client(platform, tenant, "ai", about)  # type: ignore[no-any-return]  # by the table above


def client_of(
    platform: Platform,
    tenant: Tenant,
    stored: StoredIntegration,
    about: Related | None = None,
    *,
    ignores_stop: bool = False,
    **options: Any,
) -> Any:
    """A client for a stored integration, whatever its kind; ``about`` is what it is used for.

    ``ignores_stop`` asks also an account that is stopped; ``options`` are those that clients of
    this kind have beside the common ones.
    """
    limiter = limiter_of(platform, tenant, stored, ignores_stop=ignores_stop)
    if stored.kind == "amocrm":
        options["tokens"] = tenant_tokens(platform, tenant, about)
    return _FACTORIES[stored.kind](
        stored.public_data,
        opened(platform, tenant, stored),
        limiter=limiter,
        log=exchange_log(platform, tenant, about),
        clock=platform.clock,
        **options,
    )


def limiter_of(
    platform: Platform, tenant: Tenant, stored: StoredIntegration, *, ignores_stop: bool = False
) -> RequestSlots:
    """The slots of the provider's account that an integration is of."""
    return RequestSlots(
        platform.database,
        tenant.tenant_id,
        account_of(tenant, stored),
        provider=stored.kind,
        clock=platform.clock,
        stopped_as=stopped_as(platform, tenant, stored),
        ignores_stop=ignores_stop,
    )


def account_of(tenant: Tenant, stored: StoredIntegration) -> str:
    """The account whose limit counts: shared where the address tells it, else the tenant's own."""
    public = stored.public_data
    address = str(public.get("base_url") or "")
    if stored.kind == "amocrm" and address:
        return account_key(stored.kind, address)
    if stored.kind == "radist" and address and public.get("company_id"):
        return account_key(stored.kind, address, public["company_id"])
    return account_key(stored.kind, str(tenant.tenant_id))


def stopped_as(platform: Platform, tenant: Tenant, stored: StoredIntegration) -> str:
    """The account as one that may refuse everything: with the key it is asked with.

    Tokens are renewed; the client they are of stays. Two tenants with the same key are stopped
    together. Raises SecretUnreadable.
    """
    account = account_of(tenant, stored)
    if stored.kind != "amocrm":
        return account
    token = opened(platform, tenant, stored).get("long_lived_token")
    return account_key(stored.kind, account, token or stored.public_data.get("client_id"))


def exchange_log(
    platform: Platform, tenant: Tenant, about: Related | None = None
) -> IntegrationLogger:
    """The log of a tenant's exchanges, for its clients and for whoever talks to a provider else."""
    redact = partial(redacted, redact=Redactor())
    return IntegrationLogger(platform.log_rows, tenant.tenant_id, redact, about)


def has_client(kind: str) -> bool:
    """Whether a kind of integration has a client yet."""
    return kind in _FACTORIES


def _client(
    platform: Platform, tenant: Tenant, kind: str, about: Related | None, **options: Any
) -> Any:
    with platform.database.tenant_transaction(tenant.tenant_id) as connection:
        stored = integrations_of(connection, tenant.tenant_id).get(kind)
    if stored is None:
        raise MissingIntegration(
            f"tenant {tenant.slug} has no {kind} integration: save one with "
            f"'synkro integrations set {tenant.slug} {kind} --file FILE.json'"
        )
    return client_of(platform, tenant, stored, about, **options)
