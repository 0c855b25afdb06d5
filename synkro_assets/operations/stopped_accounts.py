"""Telling that a provider's account refuses every request, and that it answers again.

What lives here: the integration's status and the day's alert. When an account counts as stopped is
the provider's (``providers/amocrm/stops``), for how long is ``storage/account_stops``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from synkro_assets.domain.errors import AccountStopped
from synkro_assets.domain.tenant import Tenant
from synkro_assets.operations.alerts import raise_alert
from synkro_assets.operations.platform import Platform
from synkro_assets.storage.integrations import integrations_of, record_check


@contextmanager
def telling_stops(platform: Platform, tenant: Tenant, kind: str) -> Iterator[None]:
    """Work with an integration inside; a stop of its account is told, and so is its end."""
    try:
        yield
    except AccountStopped as stop:
        with platform.database.tenant_transaction(tenant.tenant_id) as connection:
            now = platform.clock.now()
            record_check(connection, tenant.tenant_id, kind, str(stop), now)
        raise_alert(platform, tenant, f"{kind}_stopped", str(stop))
        raise
    with platform.database.tenant_transaction(tenant.tenant_id) as connection:
        found = integrations_of(connection, tenant.tenant_id).get(kind)
        if found is not None and found.status == "error":
            # What was read proves more than a check that failed earlier.
            record_check(connection, tenant.tenant_id, kind, None, platform.clock.now())
