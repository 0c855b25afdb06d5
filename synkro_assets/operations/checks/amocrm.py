"""Looking at amoCRM: the account and contacts that a person recognises.

What lives here: what is shown of them. The requests are ``providers/amocrm``.
"""

from __future__ import annotations

from typing import Any

from synkro_assets.ingestion.phones import search_text
from synkro_assets.operations.checks.context import LookContext, first_text, objects, one_line
from synkro_assets.providers.amocrm import AmoCrmClient
from synkro_assets.storage.recent_dialogs import recent_dialogs

_NO_FILTER = "filtering over the API is off in this account, so more is read than is needed"
_SHOWN = 3


def look(client: AmoCrmClient, context: LookContext) -> dict[str, Any]:
    """The account's name and a few contacts."""
    account = client.account()
    contacts = [_contact(each) for each in _samples(client, context)]
    seen = {"account": account.get("name"), "contacts": contacts}
    # Only a plain no: accounts that do not tell are asked with filters all the same.
    return {**seen, "note": _NO_FILTER} if account.get("is_api_filter_enabled") is False else seen


def _samples(client: AmoCrmClient, context: LookContext) -> list[dict[str, Any]]:
    """Contacts of the dialogs that were active last, filled up with those changed last."""
    tenant = context.tenant
    with context.platform.database.tenant_transaction(tenant.tenant_id) as connection:
        dialogs = recent_dialogs(connection, tenant.tenant_id, _SHOWN, messages=1)
    found: dict[Any, dict[str, Any]] = {}
    for phone in dict.fromkeys(each.phone_e164 for each in dialogs if each.phone_e164):
        match = next(client.contacts_matching(search_text(phone)), None)
        if match is not None:
            found.setdefault(match["id"], match)
    if len(found) < _SHOWN:
        for contact in client.sample_contacts(_SHOWN):
            found.setdefault(contact["id"], contact)
    return list(found.values())[:_SHOWN]


def _contact(contact: dict[str, Any]) -> str:
    """A contact's name and first phone."""
    phones = (
        value.get("value")
        for field in objects(contact.get("custom_fields_values"))
        if field.get("field_code") == "PHONE"
        for value in objects(field.get("values"))
    )
    return one_line(contact.get("name"), first_text(phones)) or str(contact.get("id"))
