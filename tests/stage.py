"""The simulated providers and a tenant whose day is loaded into them.

What lives here: asking the simulators' control interface, and putting a tenant on that stage. What
a day should look like is ``day_truth``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import httpx

from synkro_assets.domain.business_day import BusinessDay, Window
from synkro_assets.domain.tenant import Tenant, TenantSlug
from synkro_assets.operations import integration_settings
from synkro_assets.operations.platform import Platform
from synkro_assets.operations.tenant_config import add_tenant

DAY = BusinessDay(date(2026, 3, 5))

# The simulators' limits are lifted, so the clients need not pace themselves.
HURRY: dict[str, dict[str, Any]] = {
    "amocrm": {"requests_per_second": 1000},
    "radist": {"requests_per_second": 1000, "chats_per_second": 1000},
}


class Simulators:
    """The providers on loopback, and the strings behind them."""

    def __init__(self, url: str) -> None:
        self.url, self._http = url, httpx.Client(base_url=url, timeout=30)

    def load(
        self, tenant: Tenant, day: BusinessDay, /, **changes: Any
    ) -> dict[str, dict[str, Any]]:
        """Make up a tenant's day; returns the integrations that lead to it."""
        window = tenant.config.calendar.window(day)
        order = {
            "tenant": tenant.slug,
            "day": day.isoformat(),
            "window_start": window.start.isoformat(),
            "window_end": window.end.isoformat(),
            "timezone": tenant.config.timezone,
            "language": tenant.language,
            "region": tenant.default_region,
            **changes,
        }
        integrations: dict[str, dict[str, Any]] = self.ask("POST", "worlds", order)["integrations"]
        return {kind: {**each, **HURRY.get(kind, {})} for kind, each in integrations.items()}

    def truth(self, slug: str, day: BusinessDay) -> dict[str, Any]:
        """Everything that happened on a tenant's day."""
        truth: dict[str, Any] = self.ask("GET", f"worlds/{slug}/truth?day={day}")
        return truth

    def chat(self, slug: str) -> list[dict[str, Any]]:
        """Every message in a tenant's Telegram chat."""
        answer = self.ask("GET", f"telegram/messages?tenant={slug}")
        messages: list[dict[str, Any]] = answer["messages"]
        return messages

    def switch(self, **values: Any) -> None:
        """Change how the providers behave until ``calm``."""
        self.ask("POST", "switches", values)

    def break_requests(
        self, provider: str, path: str, *, count: int | None = None, skip: int = 0, **action: Any
    ) -> None:
        """Let requests to a provider fail, all that follow unless ``count`` of them."""
        match = {"provider": provider, "path": path}
        self.ask("POST", "faults", {"match": match, "count": count, "skip": skip, "action": action})

    def calm(self) -> None:
        """No faults, no oddities, no limits."""
        for path in ("faults", "switches", "limits", "log"):
            self.ask("DELETE", path)
        self.ask("POST", "limits", {"enabled": False})

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """One request to the control interface."""
        answer = self._http.request(method, f"/control/{path}", json=body)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def close(self) -> None:
        self._http.close()


@dataclass(frozen=True, slots=True)
class Scene:
    """A tenant on the stage: its day is loaded, its integrations lead there."""

    platform: Platform
    simulators: Simulators
    tenant: Tenant
    day: BusinessDay
    integrations: dict[str, dict[str, Any]]

    @property
    def window(self) -> Window:
        return self.tenant.config.calendar.window(self.day)

    def truth(self) -> dict[str, Any]:
        return self.simulators.truth(self.tenant.slug, self.day)

    def chat(self) -> list[dict[str, Any]]:
        return self.simulators.chat(self.tenant.slug)

    def connect(self, kind: str, **changes: Any) -> None:
        """Save an integration anew, with some fields changed."""
        values = {**self.integrations[kind], **changes}
        integration_settings.save(self.platform, self.tenant, kind, values)

    def disconnect(self, kind: str) -> None:
        integration_settings.remove(self.platform, self.tenant, kind)

    def on(self, day: BusinessDay) -> Scene:
        """The same tenant on another day, loaded too."""
        self.simulators.load(self.tenant, day)
        return replace(self, day=day)

    def rows(self, query: str, *parameters: Any) -> list[dict[str, Any]]:
        """What the database answers in the name of the tenant."""
        with self.platform.database.tenant_transaction(self.tenant.tenant_id) as connection:
            return connection.execute(query, parameters).fetchall()  # type: ignore[arg-type]


def set_scene(
    platform: Platform,
    simulators: Simulators,
    slug: str,
    *,
    mode: str = "amocrm_radist",
    timezone: str = "Europe/Moscow",
    day: BusinessDay = DAY,
    settings: tuple[str, ...] = (),
    **world: Any,
) -> Scene:
    """A new tenant with a loaded day and every integration saved."""
    tenant = add_tenant(platform, TenantSlug(slug), f"Company {slug}", timezone, mode, settings)
    integrations = simulators.load(tenant, day, **world)
    scene = Scene(platform, simulators, tenant, day, integrations)
    for kind in integrations:
        scene.connect(kind)
    return scene
