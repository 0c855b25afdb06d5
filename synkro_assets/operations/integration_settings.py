"""Saving, showing and removing a tenant's integrations; secrets are sealed on the way in.

What lives here: from a person's JSON object to the stored row and back to a mask. Which fields
there are is ``providers/catalog.py``; whether they work is ``integration_checks``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from synkro_assets.domain.errors import MissingIntegration, UsageProblem
from synkro_assets.domain.tenant import Tenant
from synkro_assets.operations.platform import Platform
from synkro_assets.providers import catalog
from synkro_assets.storage.integrations import (
    StoredIntegration,
    integrations_of,
    remove_integration,
    save_integration,
)
from synkro_assets.storage.oauth_tokens import forget_token_requests


def read_file(name: str) -> str:
    """The text of a file, or of standard input for ``-``."""
    if name == "-":
        return sys.stdin.read()
    try:
        return Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise UsageProblem(f"cannot read {name}: {problem}") from None


def parse_integration(text: str) -> dict[str, Any]:
    """The JSON object of an integration; raises UsageProblem naming the line that is wrong."""
    try:
        values = json.loads(text)
    except json.JSONDecodeError as problem:
        raise UsageProblem(
            f"the integration file is not JSON: line {problem.lineno}: {problem.msg}"
        ) from None
    if not isinstance(values, dict):
        raise UsageProblem("the integration file must hold one JSON object")
    return values


def save(platform: Platform, tenant: Tenant, kind: str, values: dict[str, Any]) -> None:
    """Replace an integration of a tenant; raises UsageProblem for what the catalog refuses."""
    public, secrets = catalog.split(kind, values)
    sealed = platform.keys.seal(tenant.tenant_id, kind, secrets)
    with platform.database.console_transaction(tenant.tenant_id) as connection:
        save_integration(connection, tenant.tenant_id, kind, public, sealed)
        forget_token_requests(connection, tenant.tenant_id, kind)


def remove(platform: Platform, tenant: Tenant, kind: str) -> None:
    """Forget an integration; raises MissingIntegration when there is none."""
    with platform.database.console_transaction(tenant.tenant_id) as connection:
        if not remove_integration(connection, tenant.tenant_id, kind):
            raise MissingIntegration(f"tenant {tenant.slug} has no {kind} integration")


def shown(platform: Platform, tenant: Tenant) -> list[dict[str, Any]]:
    """A tenant's integrations with masked secrets."""
    return [_masked(platform, tenant, each) for each in stored(platform, tenant).values()]


def stored(platform: Platform, tenant: Tenant) -> dict[str, StoredIntegration]:
    """A tenant's integrations as they are stored, by kind."""
    with platform.database.console_transaction(tenant.tenant_id) as connection:
        return integrations_of(connection, tenant.tenant_id)


def opened(platform: Platform, tenant: Tenant, each: StoredIntegration) -> dict[str, Any]:
    """The secrets of a stored integration; raises SecretUnreadable."""
    if each.sealed_secrets is None:
        return {}
    owner = f"tenant {tenant.slug}"
    return platform.keys.open(tenant.tenant_id, each.kind, each.sealed_secrets, owner=owner)


def _masked(platform: Platform, tenant: Tenant, each: StoredIntegration) -> dict[str, Any]:
    return {
        "kind": each.kind,
        "status": each.status,
        "last_error": each.last_error,
        "last_checked_at": each.last_checked_at.isoformat() if each.last_checked_at else None,
        **each.public_data,
        **catalog.masked(each.kind, opened(platform, tenant, each)),
    }
