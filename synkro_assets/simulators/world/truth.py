"""What really happened in a tenant's day, for checks against what a client made of it.

Lives here: the plain dump of one day's records. Not here: any metric; whoever checks computes
theirs.
"""

from datetime import datetime
from typing import Any

from .model import Company, CrmContact, Day, Event, Lead, Person


def iso(moment: datetime | None) -> str | None:
    """The instant in UTC, or null."""
    return moment.isoformat() if moment else None


def truth(company: Company, day: Day) -> dict[str, Any]:
    """Everything of the day, messages and events outside the window included."""
    contacts = {contact.id: contact for contact in day.contacts}
    return {
        "tenant": company.tenant,
        "day": day.day,
        "window": {"start": iso(day.window_start), "end": iso(day.window_end)},
        "timezone": company.timezone,
        "company": {"name": company.name, "business": company.business},
        "managers": [
            {
                "id": m.id, "name": m.name, "email": m.email,
                "is_admin": m.is_admin, "is_active": m.is_active,
            }
            for m in company.managers
        ],
        "pipelines": [
            {
                "id": p.id, "name": p.name, "is_main": p.is_main,
                "statuses": [
                    {"id": s.id, "name": s.name, "sort": s.sort, "type": s.type}
                    for s in p.statuses
                ],
            }
            for p in company.pipelines
        ],
        "loss_reasons": [{"id": r.id, "name": r.name} for r in company.loss_reasons],
        "leads": [_lead(lead) for lead in day.leads],
        "events": [_event(event) for event in day.events],
        "contacts": [_contact(contact) for contact in day.contacts],
        "lead_contacts": [
            {"lead_id": lead.id, "contact_id": contact_id, "is_main": place == 0}
            for lead in day.leads
            for place, contact_id in enumerate(lead.contact_ids)
        ],
        "dialogs": [dialog for person in day.people for dialog in _dialogs(person, contacts)],
    }  # fmt: skip


def _lead(lead: Lead) -> dict[str, Any]:
    return {
        "id": lead.id,
        "name": lead.name,
        "price": lead.price,
        "pipeline_id": lead.pipeline_id,
        "status_id": lead.status_id,
        "responsible_user_id": lead.responsible_id,
        "loss_reason_id": lead.loss_reason_id,
        "created_at": iso(lead.created_at),
        "updated_at": iso(lead.updated_at),
        "closed_at": iso(lead.closed_at),
        "is_deleted": lead.is_deleted,
        "has_custom_fields": lead.custom_fields is not None,
        "contact_ids": lead.contact_ids,
    }


def _event(event: Event) -> dict[str, Any]:
    before = event.before[0].get("lead_status") if event.before else None
    after = event.after[0].get("lead_status") if event.after else None
    return {
        "id": event.id,
        "type": event.type,
        "entity_id": event.entity_id,
        "entity_type": event.entity_type,
        "created_by": event.created_by,
        "created_at": iso(event.created_at),
        "before": before,
        "after": after,
    }


def _contact(contact: CrmContact) -> dict[str, Any]:
    return {
        "id": contact.id,
        "name": contact.name,
        "responsible_user_id": contact.responsible_id,
        "created_at": iso(contact.created_at),
        "lead_ids": contact.lead_ids,
        "phones": [{"value": phone.value, "e164": phone.e164} for phone in contact.phones],
    }


def _dialogs(person: Person, contacts: dict[int, CrmContact]) -> list[dict[str, Any]]:
    known = contacts.get(person.crm_contact_id) if person.crm_contact_id else None
    return [
        {
            "chat_id": chat.id,
            "dialog_key": person.dialog_key or None,
            "contact_id": person.id,
            "contact_name": person.name,
            "phone_e164": person.e164,
            "connection_id": chat.connection_id,
            "is_group": person.is_group,
            "crm_contact_id": person.crm_contact_id,
            "lead_ids": known.lead_ids if known else [],
            "responsible_user_id": known.responsible_id if known else None,
            "messages": [
                {
                    "message_id": m.id,
                    "direction": m.direction,
                    "message_type": m.type,
                    "text": m.text,
                    "created_at": iso(m.created_at),
                }
                for m in chat.messages
            ],
        }
        for chat in person.chats
    ]
