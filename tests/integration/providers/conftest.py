"""Our clients before a stand of hand-written answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from synkro_assets.domain.tenant import Tenant, TenantSlug
from synkro_assets.operations.platform import Platform
from synkro_assets.operations.tenant_config import add_tenant
from synkro_assets.providers import amocrm, radist
from tests.unit.providers.conftest import Surroundings

from .stand import Script, Stand


class Desk:
    """Opens stands and clients, and closes them after the test."""

    def __init__(self) -> None:
        self.surroundings = Surroundings()
        self._open = ExitStack()

    def stand(self, script: Script) -> Stand:
        return self._open.enter_context(Stand(script))

    def amocrm(self, script: Script) -> tuple[amocrm.AmoCrmClient, Stand]:
        stand = self.stand(script)
        secrets = {"long_lived_token": "token-value"}
        made = amocrm.client({"base_url": stand.url}, secrets, **self._given())
        return self._open.enter_context(made), stand

    def radist(self, script: Script) -> tuple[radist.RadistClient, Stand]:
        stand = self.stand(script)
        public = {"base_url": f"{stand.url}/v2", "company_id": 7}
        made = radist.client(public, {"api_key": "key-value"}, **self._given())
        return self._open.enter_context(made), stand

    def _given(self) -> dict[str, Any]:
        return self.surroundings.given()

    def close(self) -> None:
        self._open.close()


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk()
    yield desk
    desk.close()


@pytest.fixture
def tenant(platform: Platform) -> Tenant:
    return add_tenant(platform, TenantSlug("acme"), "Acme", "Europe/Moscow", "amocrm_radist", ())
