"""Integration settings at rest: sealed, of one tenant, and unreadable with another key."""

import json

import pytest
from cryptography.fernet import Fernet

from synkro_assets.domain.errors import MissingIntegration, SecretUnreadable
from synkro_assets.domain.tenant import Tenant
from synkro_assets.operations import integration_settings
from synkro_assets.operations.platform import Platform
from synkro_assets.operations.provider_clients import radist_client
from synkro_assets.storage.key_ring import KeyRing
from tests.databases import as_owner

SECRET = "planted-secret-5f2c9a71"
RADIST = {"base_url": "http://127.0.0.1:9/v2", "company_id": 7, "api_key": SECRET}


def everything_stored(platform: Platform) -> str:
    """Every row of every table of the application, as text."""
    with as_owner(platform.database) as connection:
        tables = connection.execute(
            "select tablename from pg_tables where schemaname = 'app'"
        ).fetchall()
        return "".join(
            json.dumps(
                connection.execute(
                    f"select to_jsonb(t)::text as row from app.{table['tablename']} as t"  # type: ignore[arg-type]
                ).fetchall()
            )
            for table in tables
        )


def test_a_secret_is_nowhere_in_the_database(platform: Platform, tenant: Tenant) -> None:
    integration_settings.save(platform, tenant, "radist", RADIST)
    stored = everything_stored(platform)
    assert "127.0.0.1:9" in stored
    assert SECRET not in stored
    (shown,) = integration_settings.shown(platform, tenant)
    assert shown["api_key"].endswith(SECRET[-4:])
    assert SECRET not in str(shown)
    assert SECRET not in repr(integration_settings.stored(platform, tenant))


def test_another_key_does_not_open_it(platform: Platform, tenant: Tenant) -> None:
    integration_settings.save(platform, tenant, "radist", RADIST)
    other = KeyRing([Fernet.generate_key().decode()])
    stranger = Platform(platform.database, other, platform.clock, platform.home)
    with pytest.raises(SecretUnreadable, match="radist secrets of tenant acme"):
        radist_client(stranger, tenant)


def test_a_secret_moved_to_another_tenant_does_not_open(
    platform: Platform, tenant: Tenant, neighbour: Tenant
) -> None:
    integration_settings.save(platform, tenant, "radist", RADIST)
    with as_owner(platform.database) as connection:
        connection.execute(
            "update app.integration_configs set tenant_id = %s", [neighbour.tenant_id]
        )
    with pytest.raises(SecretUnreadable, match="sealed for another tenant"):
        radist_client(platform, neighbour)
    with pytest.raises(MissingIntegration):
        radist_client(platform, tenant)


def test_saving_again_replaces_and_removing_forgets(platform: Platform, tenant: Tenant) -> None:
    integration_settings.save(platform, tenant, "radist", RADIST)
    integration_settings.save(platform, tenant, "radist", {**RADIST, "company_id": 8})
    (shown,) = integration_settings.shown(platform, tenant)
    assert shown["company_id"] == 8
    integration_settings.remove(platform, tenant, "radist")
    assert integration_settings.shown(platform, tenant) == []
    with pytest.raises(MissingIntegration):
        integration_settings.remove(platform, tenant, "radist")
