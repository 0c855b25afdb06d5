"""Telling a tenant's people what only they can mend, once a day per subject.

What lives here: noting the alert and sending it to the tenant's Telegram chat. What is worth an
alert is decided by the caller; the rows are ``storage/alerts.py``.
"""

from __future__ import annotations

from datetime import datetime
from html import escape
from zoneinfo import ZoneInfo

from synkro_assets.domain.errors import OutcomeUnknown, SynkroError
from synkro_assets.domain.tenant import Tenant
from synkro_assets.operations.platform import Platform
from synkro_assets.operations.provider_clients import telegram_client
from synkro_assets.storage.alerts import settle_alert, take_alert
from synkro_assets.storage.integrations import integrations_of

_LONGEST = 1000


def raise_alert(platform: Platform, tenant: Tenant, subject: str, text: str) -> None:
    """Store an alert and send it, once per subject and calendar day of the tenant.

    A chat that refuses or does not answer never fails the caller's work: the alert stays unsent
    and the next one of the same subject and day tries again. ``text`` carries no secret.
    """
    now = platform.clock.now()
    day = now.astimezone(ZoneInfo(str(tenant.timezone))).date()
    with platform.database.tenant_transaction(tenant.tenant_id) as connection:
        said = text[:_LONGEST]
        is_ours = take_alert(connection, tenant.tenant_id, subject, day, said, now)
        telegram = integrations_of(connection, tenant.tenant_id).get("telegram")
    if not is_ours:
        return
    sent_at: datetime | None = None
    error: str | None = "the tenant has no telegram integration"
    if telegram is not None:
        chat = str(telegram.public_data["chat_id"])
        try:
            with telegram_client(platform, tenant) as client:
                thread = telegram.public_data.get("message_thread_id")
                client.send_message(chat, escape(said, quote=False), thread)
            sent_at, error = now, None
        except OutcomeUnknown as problem:
            # It may have arrived, and twice a day is what must not happen.
            sent_at, error = now, str(problem)
        except SynkroError as problem:
            error = str(problem)
    with platform.database.tenant_transaction(tenant.tenant_id) as connection:
        settle_alert(connection, tenant.tenant_id, subject, day, sent_at, error)
