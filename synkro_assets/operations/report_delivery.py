"""Delivering a day's report from the outbox to the tenant's Telegram chat.

What lives here: wiring a pass of the outbox to the tenant's bot. The pass itself is
``delivery/outbox.py``; what is queued was decided by ``daily_report``.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from synkro_assets.delivery.outbox import deliver_report, require_queued
from synkro_assets.domain.business_day import BusinessDay
from synkro_assets.domain.errors import WorkFailed
from synkro_assets.domain.tenant import Tenant, TenantSlug
from synkro_assets.operations.platform import Platform
from synkro_assets.operations.provider_clients import telegram_client
from synkro_assets.operations.tenant_config import find_tenant
from synkro_assets.providers.telegram import TelegramClient
from synkro_assets.storage.deliveries import (
    LEASE_SECONDS,
    DueDelivery,
    Part,
    deliveries_due,
    parts_of_all_reports,
)
from synkro_assets.storage.integration_logs import Related
from synkro_assets.storage.integrations import integrations_of

SENDER_POLL_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Delivered:
    """A day's reports whose every part has arrived; ``sent_now`` of them in this pass."""

    parts: list[Part]
    sent_now: int


class _Chat:
    """The tenant's chat as the outbox sees it."""

    def __init__(self, client: TelegramClient, message_thread_id: int | None) -> None:
        self._client = client
        self._thread = message_thread_id

    def send_message(self, recipient: str, html: str) -> str:
        return str(self._client.send_message(recipient, html, self._thread))


def deliver_day(platform: Platform, slug: TenantSlug, day: BusinessDay) -> Delivered:
    """Send what is queued of a day's reports; raises WorkFailed unless every part has arrived."""
    tenant = find_tenant(platform, slug)
    parts = _parts(platform, tenant, day)
    require_queued(parts, f"{slug} on {day}")
    waiting = {part.report_id: None for part in parts if part.status in {"pending", "sending"}}
    sent_now = 0
    problems: list[str] = []
    if waiting:
        thread = _thread(platform, tenant)
        for report_id in waiting:
            with telegram_client(platform, tenant, Related("report", report_id)) as client:
                chat = _Chat(client, thread)
                outcome = deliver_report(platform.database, tenant.tenant_id, report_id, chat)
            sent_now += len(outcome.sent)
            problems += outcome.problems
        parts = _settled_parts(platform, tenant, day)
    missing = [part for part in parts if part.status != "sent"]
    if missing:
        said = "; ".join(problems) or "; ".join(
            f"part {part.part} of {part.parts} is {part.status}: {part.last_error}"
            for part in missing
        )
        raise WorkFailed(f"the report of {slug} for {day} was not delivered whole: {said}")
    return Delivered(parts, sent_now)


def _settled_parts(platform: Platform, tenant: Tenant, day: BusinessDay) -> list[Part]:
    """The parts once no other sender has any of them in hand."""
    deadline = time.monotonic() + LEASE_SECONDS
    while True:
        parts = _parts(platform, tenant, day)
        if all(part.status != "sending" for part in parts) or time.monotonic() > deadline:
            return parts
        time.sleep(SENDER_POLL_SECONDS)


def _parts(platform: Platform, tenant: Tenant, day: BusinessDay) -> list[Part]:
    with platform.database.tenant_transaction(tenant.tenant_id) as connection:
        return parts_of_all_reports(connection, tenant.tenant_id, day)


def _thread(platform: Platform, tenant: Tenant) -> int | None:
    """The topic of the chat that reports go to, where it has topics."""
    with platform.database.tenant_transaction(tenant.tenant_id) as connection:
        stored = integrations_of(connection, tenant.tenant_id).get("telegram")
    thread = stored.public_data.get("message_thread_id") if stored else None
    return int(thread) if thread else None


def due_deliveries(platform: Platform) -> list[DueDelivery]:
    """The reports of all tenants whose next message may be sent now."""
    with platform.database.console_transaction() as connection:
        return deliveries_due(connection)
