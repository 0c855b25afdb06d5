"""Tenants for the tests of stored rows: no world behind them, no integrations."""

from collections.abc import Callable
from datetime import date

import pytest

from synkro_assets.domain.business_day import BusinessDay
from synkro_assets.domain.tenant import Tenant, TenantSlug
from synkro_assets.operations.platform import Platform
from synkro_assets.operations.tenant_config import add_tenant
from synkro_assets.settings import PROJECT_ROOT
from synkro_assets.storage.database import Database
from synkro_assets.storage.migrations import migrate

DAY = BusinessDay(date(2026, 3, 5))
NEXT_DAY = BusinessDay(date(2026, 3, 6))


@pytest.fixture
def make_tenant(platform: Platform) -> Callable[[str], Tenant]:
    """A tenant by its slug."""

    def make(slug: str) -> Tenant:
        return add_tenant(
            platform, TenantSlug(slug), slug.title(), "Europe/Moscow", "amocrm_radist", ()
        )

    return make


@pytest.fixture
def tenant(make_tenant: Callable[[str], Tenant]) -> Tenant:
    return make_tenant("acme")


@pytest.fixture
def neighbour(make_tenant: Callable[[str], Tenant]) -> Tenant:
    return make_tenant("beta")


@pytest.fixture
def migrate_into() -> Callable[[Database], None]:
    """The project's migrations, applied to a database."""

    def apply(database: Database) -> None:
        migrate(database, PROJECT_ROOT / "supabase" / "migrations")

    return apply
