"""A tenant whose amoCRM is opened by OAuth, and what its provider saw of it.

What lives here: saving tokens that are good, old or spent, and asking with them. The simulated
provider is ``tests/stage``.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from synkro_assets.operations import integration_settings
from synkro_assets.operations.platform import Platform
from synkro_assets.operations.provider_clients import amocrm_client
from synkro_assets.storage.integration_logs import Related
from tests.stage import Scene

TOKEN = "/oauth2/access_token"


class Connected:
    """A scene whose amoCRM is opened by OAuth, and what its provider saw."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.now = scene, scene.platform.clock.now()
        given = scene.simulators.ask("POST", f"amocrm/oauth/{scene.tenant.slug}")
        self.app = {n: given[n] for n in ("client_id", "client_secret", "redirect_uri")}
        self.code, self.pair = given["authorization_code"], given
        self.save()
        scene.simulators.ask("DELETE", "log")

    def save(self, expires_in: int = 86400, **changes: Any) -> None:
        values = {
            "base_url": self.scene.integrations["amocrm"]["base_url"],
            "requests_per_second": 1000,
            **self.app,
            "access_token": self.pair["access_token"],
            "refresh_token": self.pair["refresh_token"],
            "expires_at": (self.now + timedelta(seconds=expires_in)).isoformat(),
            **changes,
        }
        integration_settings.save(self.scene.platform, self.scene.tenant, "amocrm", values)

    def platform(self, **later: float) -> Platform:
        return replace(self.scene.platform, clock=Fixed(self.now + timedelta(**later)))

    def account(self, run: Any = None, **later: float) -> Any:
        about = Related("dagster_run", run) if run else None
        with amocrm_client(self.platform(**later), self.scene.tenant, about) as client:
            return client.account()

    def token_requests(self) -> list[dict[str, Any]]:
        """Those of this test's account: what a killed process has sent may arrive much later."""
        rows = self.scene.simulators.ask("GET", "log")["requests"]
        mine = f"/{self.scene.tenant.slug}/"
        return [row for row in rows if row["path"].endswith(TOKEN) and mine in row["path"]]

    def held(self) -> dict[str, Any]:
        found = integration_settings.stored(self.scene.platform, self.scene.tenant)["amocrm"]
        return {
            **found.public_data,
            **integration_settings.opened(self.scene.platform, self.scene.tenant, found),
            "status": found.status,
            "last_error": found.last_error,
        }


class Fixed:
    def __init__(self, time: datetime) -> None:
        self.time = time

    def now(self) -> datetime:
        return self.time
