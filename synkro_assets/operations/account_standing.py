"""How a tenant's accounts stand: which of them refuse everything, and what people were told.

What lives here: reading it for people. What stops an account and what is done about it is
``stopped_accounts``; how a person's terminal shows it is the command line's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from synkro_assets.domain.tenant import Tenant
from synkro_assets.operations import integration_settings
from synkro_assets.operations.platform import Platform
from synkro_assets.operations.provider_clients import stopped_as
from synkro_assets.storage.account_stops import Stop, named_stop
from synkro_assets.storage.alerts import Alert, latest_alerts
from synkro_assets.storage.held_runs import count_held
from synkro_assets.storage.integrations import integrations_of

# An alert is repeated every day for as long as its cause lasts.
_STILL_TRUE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class StoppedAccount:
    """An account that refuses everything, and how many runs of the tenant wait for it."""

    stop: Stop
    runs_waiting: int

    def as_dict(self) -> dict[str, Any]:
        since = self.stop.since
        return {
            "stopped_since": since.isoformat() if since else None,
            "tried_again_at": self.stop.until.isoformat(),
            "runs_waiting": self.runs_waiting,
        }

    def sentence(self, slug: str, kind: str, now: datetime) -> str:
        """What is wrong, since when, when it is tried again and what a person can do."""
        since = f" since {self.stop.since:%Y-%m-%d %H:%M} UTC" if self.stop.since else ""
        is_over = self.stop.until <= now
        again = "with the next request" if is_over else f"at {self.stop.until:%Y-%m-%d %H:%M} UTC"
        waiting = f"; {self.runs_waiting} runs wait for it" if self.runs_waiting else ""
        return (
            f"{self.stop.reason}{since}; it will be tried again {again}{waiting}; "
            f"'synkro integrations check {slug} {kind}' tries at once"
        )


def stopped_accounts(platform: Platform, tenant: Tenant) -> dict[str, StoppedAccount]:
    """The tenant's accounts that refuse everything, by kind of integration."""
    found = {}
    with platform.database.tenant_transaction(tenant.tenant_id) as connection:
        for kind, each in integrations_of(connection, tenant.tenant_id).items():
            stop = named_stop(connection, stopped_as(platform, tenant, each))
            if stop is not None:
                waiting = count_held(connection, tenant.tenant_id, kind)
                found[kind] = StoppedAccount(stop, waiting)
    return found


def current_alerts(platform: Platform, tenant: Tenant) -> Iterator[Alert]:
    """What the tenant's people were last told, or were to be told, and what is not mended since."""
    today = platform.clock.now().astimezone(ZoneInfo(str(tenant.timezone))).date()
    with platform.database.tenant_transaction(tenant.tenant_id) as connection:
        alerts = latest_alerts(connection, tenant.tenant_id, today - _STILL_TRUE)
        integrations = integrations_of(connection, tenant.tenant_id)
    for alert in alerts:
        about = integrations.get(alert.subject.partition("_")[0])
        if about is None or about.status != "ok":
            yield alert


def shown(platform: Platform, tenant: Tenant) -> list[dict[str, Any]]:
    """A tenant's integrations with masked secrets, and how their accounts stand."""
    stopped = stopped_accounts(platform, tenant)
    return [
        each | (stopped[each["kind"]].as_dict() if each["kind"] in stopped else {})
        for each in integration_settings.shown(platform, tenant)
    ]
