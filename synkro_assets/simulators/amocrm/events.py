"""amoCRM's event feed.

Lives here: ``/events`` and ``/events/types``. Not here: what causes events (``world.lead_life``).
"""

from typing import Any

from starlette.responses import Response

from synkro_assets.simulators.world.model import Event

from .answers import hal
from .door import Visit
from .query import BadQuery, page_of, within

TYPES = {
    "lead_added": "Новая сделка",
    "lead_deleted": "Сделка удалена",
    "lead_restored": "Сделка восстановлена",
    "lead_status_changed": "Изменение этапа продажи",
    "lead_linked": "Прикрепление сделки",
    "contact_added": "Новый контакт",
    "incoming_chat_message": "Входящее сообщение",
    "outgoing_chat_message": "Исходящее сообщение",
    "sale_field_changed": "Изменение поля «Бюджет»",
}
PLURALS = {"lead": "leads", "contact": "contacts"}


def rendered(event: Event, visit: Visit) -> dict[str, Any]:
    """The event as amoCRM shows it."""
    base, plural = visit.base, PLURALS[event.entity_type]
    entity = f"{base}/api/v4/{plural}/{event.entity_id}"
    after = event.after
    if event.type == "lead_added":
        # The stage a lead begins in is not told: the documentation's sample carries a note.
        after = [{"note": {"id": event.entity_id % 10**8}}]
    return {
        "id": event.id,
        "type": event.type,
        "entity_id": event.entity_id,
        "entity_type": event.entity_type,
        "created_by": event.created_by,
        "created_at": int(event.created_at.timestamp()),
        "value_after": after,
        "value_before": event.before,
        "account_id": visit.world.company.account_id,
        "_links": {"self": {"href": f"{base}/api/v4/events/{event.id}"}},
        "_embedded": {"entity": {"id": event.entity_id, "_links": {"self": {"href": entity}}}},
    }


def events(visit: Visit) -> Response:
    """``GET /events``, newest first as the feed is."""
    return page_of(
        visit.request,
        visit.query,
        visit.state.switches,
        visit.chosen(lambda: _chosen(visit)),
        "events",
        lambda event: rendered(event, visit),
        max_limit=100,
    )


def _chosen(visit: Visit) -> list[Event]:
    query = visit.query
    ids, types, kinds = query.values("id"), query.values("type"), query.values("entity")
    entities, users = query.numbers("entity_id"), query.numbers("created_by")
    is_within = within({"created_at": query.span("created_at")})
    if entities is not None and kinds is None:
        raise BadQuery("filter[entity_id] needs filter[entity]")
    rows = [
        event
        for event in visit.present.events()
        if (ids is None or event.id in ids)
        and (types is None or event.type in types)
        and (kinds is None or event.entity_type in kinds or PLURALS[event.entity_type] in kinds)
        and (entities is None or event.entity_id in entities)
        and (users is None or event.created_by in users)
        and is_within(event)
    ]
    return sorted(rows, key=lambda event: (event.created_at, event.id), reverse=True)


def event_types(visit: Visit) -> Response:
    """``GET /events/types``."""
    rows = [
        {"key": key, "type": index, "lang": lang} for index, (key, lang) in enumerate(TYPES.items())
    ]
    here = f"{visit.base}/api/v4/events/types"
    return hal({"_total_items": len(rows), "_links": {"self": {"href": here}},
                "_embedded": {"events_types": rows}})  # fmt: skip
