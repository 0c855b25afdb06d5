"""The words of a test e-mail, WhatsApp message and SMS, and whom they go to.

What lives here: what the looks of the kinds that only send share; each such message costs money or
reputation, so it goes out only when somebody asked for it. Telegram's words are in its own look.
"""

from __future__ import annotations

from synkro_assets.domain.errors import UsageProblem
from synkro_assets.operations.checks.context import LookContext

NOT_SENT = "not sent: ask for it with --send"

_SUBJECTS = {"ru": "Проверка связи", "en": "Connection check"}
_TEXTS = {
    "ru": "Проверка связи: это тестовое сообщение от Synkro. Отвечать на него не нужно.",
    "en": "Connection check: this is a test message from Synkro. No answer is needed.",
}


def subject(context: LookContext) -> str:
    """In the tenant's language."""
    return _SUBJECTS[context.tenant.language]


def text(context: LookContext) -> str:
    """In the tenant's language."""
    return _TEXTS[context.tenant.language]


def first_recipient(context: LookContext, field: str) -> str:
    """Who gets the test message; UsageProblem when nobody is named."""
    named = context.public.get(field) or []
    if not named:
        kind = context.integration.kind
        raise UsageProblem(f"the {kind} integration names nobody in {field!r}: add a recipient")
    return str(named[0])
