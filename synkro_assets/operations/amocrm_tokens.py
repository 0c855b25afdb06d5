"""A tenant's amoCRM tokens, and telling its people when they have ended.

What lives here: the ``TokenStore`` of ``domain/protocols.py`` that clients are given. The lock and
the rows are ``storage/oauth_tokens.py``; connecting anew is ``amocrm_connection``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from synkro_assets.domain.protocols import Tokens
from synkro_assets.domain.tenant import Tenant
from synkro_assets.operations.platform import Platform
from synkro_assets.storage.integration_logs import Related
from synkro_assets.storage.integrations import record_check
from synkro_assets.storage.oauth_tokens import OAuthTokens

KIND = "amocrm"
ALERT = "amocrm_reconnect"


@dataclass(frozen=True, slots=True)
class TenantTokens:
    """The stored tokens of a tenant, with a voice."""

    platform: Platform
    tenant: Tenant
    stored: OAuthTokens

    def fresh(self, stale: str, refresh: Callable[[Tokens], Tokens]) -> Tokens:
        """The ``TokenStore``'s method; see there."""
        return self.stored.fresh(stale, refresh)

    def ended(self, token: str, reason: str) -> None:
        """The integration shows the reason, and the tenant's chat is told once a day.

        Not when somebody saved other tokens meanwhile: theirs are not known to have ended.
        """
        # The chat's own client is made where this store is handed out.
        from synkro_assets.operations.alerts import raise_alert

        said = to_reconnect(reason)
        with self.platform.database.tenant_transaction(self.tenant.tenant_id) as connection:
            if not self.stored.is_held(connection, token):
                return
            now = self.platform.clock.now()
            record_check(connection, self.tenant.tenant_id, KIND, said, now)
        raise_alert(self.platform, self.tenant, ALERT, said)


def to_reconnect(reason: str) -> str:
    """What people are told when tokens have ended."""
    return f"reconnect amoCRM: {reason}"


def tenant_tokens(platform: Platform, tenant: Tenant, about: Related | None = None) -> TenantTokens:
    """The tokens of a tenant; ``about`` is the run that needs them."""
    stored = OAuthTokens(
        platform.database,
        platform.keys,
        platform.clock,
        tenant.tenant_id,
        KIND,
        "amoCRM",
        f"tenant {tenant.slug}",
        about.entity_id if about is not None else None,
    )
    return TenantTokens(platform, tenant, stored)
