"""amoCRM contacts and their chats.

Lives here: lists, single contacts, chat links. Not here: the messenger's own contacts (``radist``).
"""

import uuid
from functools import lru_cache
from typing import Any

from starlette.responses import Response

from synkro_assets.simulators.world.model import CrmContact

from .answers import empty, hal
from .door import Visit
from .leads import missing, unix
from .query import BadQuery, ordered, page_of, within

# Fewer digits are a word like any other.
SEARCHED_DIGITS = 5
ENUMS = {"WORK": 1, "WORKDD": 2, "MOB": 3, "FAX": 4, "HOME": 5, "OTHER": 6}


def _fields(contact: CrmContact, account_id: int, code_key: str) -> list[dict[str, Any]] | None:
    first = account_id // 40
    fields = []
    if contact.phones:
        fields.append(
            {
                "field_id": first,
                "field_name": "Телефон",
                "field_code": "PHONE",
                "field_type": "multitext",
                "values": [
                    {
                        "value": phone.value,
                        "enum_id": first + ENUMS[phone.enum_code],
                        code_key: phone.enum_code,
                    }
                    for phone in contact.phones
                ],
            }
        )
    if contact.email:
        value = {"value": contact.email, "enum_id": first + 11, code_key: "WORK"}
        fields.append(
            {
                "field_id": first + 10,
                "field_name": "Email",
                "field_code": "EMAIL",
                "field_type": "multitext",
                "values": [value],
            }
        )
    return fields or None


def rendered(contact: CrmContact, visit: Visit) -> dict[str, Any]:
    """The contact as amoCRM shows it."""
    base, account_id = visit.base, visit.world.company.account_id
    code_key = "enum" if visit.state.switches["amocrm_legacy_enum"] else "enum_code"
    first_name, _, last_name = contact.name.partition(" ")
    embedded: dict[str, Any] = {"tags": [], "companies": []}
    if "leads" in visit.query.with_:
        embedded["leads"] = [
            {"id": lead_id, "_links": {"self": {"href": f"{base}/api/v4/leads/{lead_id}"}}}
            for lead_id in contact.lead_ids
        ]
    return {
        "id": contact.id,
        "name": contact.name,
        "first_name": first_name,
        "last_name": last_name,
        "responsible_user_id": contact.responsible_id,
        "group_id": 0,
        "created_by": 0,
        "updated_by": contact.responsible_id,
        "created_at": unix(contact.created_at),
        "updated_at": unix(contact.updated_at),
        "closest_task_at": None,
        "is_deleted": False,
        "is_unsorted": False,
        "custom_fields_values": _fields(contact, account_id, code_key),
        "account_id": account_id,
        "_links": {"self": {"href": f"{base}/api/v4/contacts/{contact.id}"}},
        "_embedded": embedded,
    }


def _is_found(contact: CrmContact, wanted: str, digits: str) -> bool:
    """Whether the search finds the contact: part of its name or of any field.

    Signs between digits count for nothing, so it also finds numbers that merely hold the digits.
    """
    words, numbers = _searched(
        (contact.name, contact.email or "", *(phone.value for phone in contact.phones))
    )
    return wanted in words or (len(digits) >= SEARCHED_DIGITS and digits in numbers)


# A search walks through every contact, and thousands of searches through the same ones.
@lru_cache(maxsize=100_000)
def _searched(texts: tuple[str, ...]) -> tuple[str, str]:
    """The texts in lower case and the digits of each, a line to a text."""
    return "\n".join(texts).lower(), "\n".join(map(_digits, texts))


def _digits(text: str) -> str:
    return "".join(character for character in text if character.isdigit())


def contacts(visit: Visit) -> Response:
    """``GET /contacts``."""
    return page_of(
        visit.request,
        visit.query,
        visit.state.switches,
        visit.chosen(lambda: ordered(_chosen(visit), visit.query, ("updated_at", "id"))),
        "contacts",
        lambda contact: rendered(contact, visit),
    )


def _chosen(visit: Visit) -> list[CrmContact]:
    query = visit.query
    ids, users = query.numbers("id"), query.numbers("responsible_user_id")
    is_within = within({name: query.span(name) for name in ("created_at", "updated_at")})
    wanted = query.plain.get("query", "").lower()
    digits = _digits(wanted)
    return [
        contact
        for contact in visit.present.contacts(ids)
        if (users is None or contact.responsible_id in users)
        and is_within(contact)
        and (not wanted or _is_found(contact, wanted, digits))
    ]


def contact(visit: Visit) -> Response:
    """``GET /contacts/{id}``."""
    found = visit.present.contact(visit.request.path_params["contact_id"])
    return hal(rendered(found, visit)) if found else missing(visit)


def chats(visit: Visit) -> Response:
    """``GET /contacts/chats?contact_id=…|chat_id=…``."""
    plain = visit.query.plain
    if "contact_id" not in plain and "chat_id" not in plain:
        raise BadQuery("contact_id or chat_id is required")
    wanted = set(plain.get("contact_id", "").split(","))
    rows = []
    for person in visit.present.people():
        is_known = person.crm_contact_id and visit.present.contact(person.crm_contact_id)
        for chat in person.chats if is_known else []:
            chat_id = str(uuid.uuid5(uuid.NAMESPACE_OID, str(chat.id)))
            if str(person.crm_contact_id) in wanted or chat_id == plain.get("chat_id"):
                rows.append(
                    {"chat_id": chat_id, "contact_id": person.crm_contact_id, "id": chat.id % 10**8}
                )
    if not rows:
        return empty()
    here = f"{visit.base}/api/v4/contacts/chats"
    return hal({"_total_items": len(rows), "_links": {"self": {"href": here}},
                "_embedded": {"chats": rows}})  # fmt: skip
