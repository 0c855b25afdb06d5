"""Looking at a model's key: the models it may use, and a test analysis of three dialogs.

What lives here: which dialogs are analysed and what is shown. The prompt, its schema and what
makes an answer good are ``reporting/dialog_analysis.py``; the requests are ``providers/gemini``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from synkro_assets.domain.errors import ProviderError, ProviderRefused, WorkFailed
from synkro_assets.operations.checks.context import LookContext, first_text
from synkro_assets.providers.gemini import GeminiClient
from synkro_assets.reporting.dialog_analysis import (
    Dialog,
    DialogReading,
    analyse,
    masked_dialog,
    sample_dialogs,
)
from synkro_assets.storage.recent_dialogs import manager_names_known, recent_dialogs

_DIALOGS = 3
_MESSAGES = 20
_PREFIX = "models/"


def look(client: GeminiClient, context: LookContext) -> dict[str, Any]:
    """The models with those that are configured marked, and one line on each dialog."""
    configured = [client.model, *(context.public.get("fallback_models") or ())]
    usable = [name for each in client.models() if (name := _answering_model(each)) is not None]
    _refuse_unknown(configured, usable)
    where, dialogs = _dialogs(context)
    readings = _analysed(client, context.tenant.language, dialogs)
    return {
        "model": client.model,
        "models": [_marked(name, configured) for name in usable],
        "analysed": where,
        "analysis": {each.dialog_id: each.line() for each in readings},
    }


def _answering_model(model: dict[str, Any]) -> str | None:
    """The name of a model that writes texts; one that does not say is believed to."""
    name = first_text([model.get("name")])
    actions = model.get("supported_actions")
    is_silent = isinstance(actions, list) and actions and "generateContent" not in actions
    return None if name is None or is_silent else name.removeprefix(_PREFIX)


def _refuse_unknown(configured: Sequence[str], usable: Sequence[str]) -> None:
    unknown = [name for name in configured if name.removeprefix(_PREFIX) not in usable]
    if unknown:
        raise ProviderRefused(
            "Gemini",
            f"the API key may not use the model {', '.join(unknown)}: choose another one"
            f" ({', '.join(usable)})",
        )


def _marked(name: str, configured: Sequence[str]) -> str:
    plain = [each.removeprefix(_PREFIX) for each in configured]
    if name not in plain:
        return name
    return f"{name} (configured)" if name == plain[0] else f"{name} (fallback)"


def _dialogs(context: LookContext) -> tuple[str, list[Dialog]]:
    """Three dialogs of the tenant, or the samples while it has fewer; where they come from too."""
    tenant = context.tenant
    with context.platform.database.tenant_transaction(tenant.tenant_id) as connection:
        stored = recent_dialogs(connection, tenant.tenant_id, _DIALOGS, _MESSAGES)
        names = manager_names_known(connection, tenant.tenant_id)
    names |= {each.contact_name for each in stored if each.contact_name}
    own = [each.words for each in stored]
    where = "stored dialogs" if len(own) == _DIALOGS else "samples"
    words = own if len(own) == _DIALOGS else sample_dialogs(tenant.language)
    return where, [masked_dialog(number, each, names) for number, each in enumerate(words, start=1)]


def _analysed(
    client: GeminiClient, language: str, dialogs: Sequence[Dialog]
) -> list[DialogReading]:
    try:
        return analyse(client, language, dialogs)
    except ProviderError as problem:
        raise WorkFailed(f"the test analysis of three dialogs failed: {problem}") from None
