"""amoCRM leads and their links.

Lives here: lists, single leads, links to contacts. Not here: events (``events``).
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from starlette.responses import Response

from synkro_assets.simulators.world.model import Company, Lead, LossReason

from .answers import empty, hal, problem
from .door import Visit
from .query import BadQuery, Query, cut, ordered, page_of, within

_ORDERS = ("created_at", "updated_at", "id")
_SPANS = ("created_at", "updated_at", "closed_at")
Spans = dict[str, tuple[int, int] | None]


def unix(moment: datetime | None) -> int | None:
    """Unix seconds, or null."""
    return int(moment.timestamp()) if moment else None


def reason_shown(reason: LossReason, base: str) -> dict[str, Any]:
    """A loss reason, the same in a lead and in the list."""
    return {
        "id": reason.id,
        "name": reason.name,
        "sort": reason.sort,
        "created_at": unix(reason.created_at),
        "updated_at": unix(reason.created_at),
        "_links": {"self": {"href": f"{base}/api/v4/leads/loss_reasons/{reason.id}"}},
    }


def _embedded(lead: Lead, company: Company, with_: set[str], base: str) -> dict[str, Any]:
    embedded: dict[str, Any] = {
        "tags": [
            {"id": index + 1, "name": tag, "color": None} for index, tag in enumerate(lead.tags)
        ],
        "companies": [],
    }
    if "contacts" in with_:
        embedded["contacts"] = [
            {
                "id": contact_id,
                "is_main": place == 0,
                "_links": {"self": {"href": f"{base}/api/v4/contacts/{contact_id}"}},
            }
            for place, contact_id in enumerate(lead.contact_ids)
        ]
    if "loss_reason" in with_:
        embedded["loss_reason"] = [
            reason_shown(reason, base)
            for reason in company.loss_reasons
            if reason.id == lead.loss_reason_id
        ]
    if "catalog_elements" in with_:
        embedded["catalog_elements"] = []
    return embedded


def rendered(lead: Lead, company: Company, with_: set[str], base: str) -> dict[str, Any]:
    """The lead as amoCRM shows it."""
    document: dict[str, Any] = {
        "id": lead.id,
        "name": lead.name,
        "price": lead.price,
        "responsible_user_id": lead.responsible_id,
        "group_id": 0,
        "status_id": lead.status_id,
        "pipeline_id": lead.pipeline_id,
        "loss_reason_id": lead.loss_reason_id,
        "created_by": lead.created_by,
        "updated_by": lead.responsible_id,
        "created_at": unix(lead.created_at),
        "updated_at": unix(lead.updated_at),
        "closed_at": unix(lead.closed_at),
        "closest_task_at": None,
        "is_deleted": lead.is_deleted,
        "custom_fields_values": lead.custom_fields,
        "score": None,
        "account_id": company.account_id,
        "labor_cost": None,
        "_links": {"self": {"href": f"{base}/api/v4/leads/{lead.id}"}},
        "_embedded": _embedded(lead, company, with_, base),
    }
    if "source_id" in with_:
        document["source_id"] = lead.source_id
    if "is_price_modified_by_robot" in with_:
        document["is_price_modified_by_robot"] = False
    return document


def _chosen(visit: Visit) -> list[Lead]:
    spans = {name: visit.query.span(name) for name in _SPANS}
    wants_trash = "only_deleted" in visit.query.with_
    rows = [lead for lead in _ordered(visit, spans) if lead.is_deleted == wants_trash]
    for passes in _filters(visit.query, spans):
        rows = [lead for lead in rows if passes(lead)]
    return rows


def _ordered(visit: Visit, spans: Spans) -> list[Lead]:
    """The leads of the ids, or all, in the order asked for; takes a span out that it keeps to.

    Whoever reads by change asks from each page's last one on: all are sorted once for that.
    """
    ids = visit.query.numbers("id")
    if ids is not None:
        return ordered(visit.present.leads(ids), visit.query, _ORDERS)
    order = name, is_descending = visit.query.order(_ORDERS)
    every = visit.present.standing.chosen(
        ("every lead", order), lambda: ordered(visit.present.leads(), visit.query, _ORDERS)
    )
    span = None if is_descending else spans.pop(name, None)
    return every if span is None else cut(every, name, span)


def _filters(query: Query, spans: Spans) -> Iterator[Callable[[Lead], bool]]:
    """What else is asked of a lead."""
    pipelines, users = query.numbers("pipeline_id"), query.numbers("responsible_user_id")
    stages, wanted = query.stages(), query.plain.get("query", "").lower()
    if pipelines is not None:
        yield lambda lead: lead.pipeline_id in pipelines
    if users is not None:
        yield lambda lead: lead.responsible_id in users
    if stages is not None:
        yield lambda lead: (lead.pipeline_id, lead.status_id) in stages
    if any(spans.values()):
        yield within(spans)
    if wanted:
        yield lambda lead: wanted in lead.name.lower()


def _shown(lead: Lead, visit: Visit) -> dict[str, Any]:
    """The lead in a list: of one in the trash its id and date, as the documentation promises."""
    if lead.is_deleted and not visit.state.switches["amocrm_whole_trash"]:
        return {"id": lead.id, "updated_at": unix(lead.updated_at), "is_deleted": True}
    document = rendered(lead, visit.world.company, visit.query.with_, visit.base)
    if visit.state.switches["amocrm_absent_loss_reason"] and not lead.loss_reason_id:
        document["_embedded"].pop("loss_reason", None)
    return document


def leads(visit: Visit) -> Response:
    """``GET /leads``."""
    rows = visit.chosen(lambda: _chosen(visit))
    answer = page_of(
        visit.request,
        visit.query,
        visit.state.switches,
        rows,
        "leads",
        lambda lead: _shown(lead, visit),
    )
    if visit.state.switches["amocrm_touch_between_pages"] and answer.status_code == 200:
        size = visit.query.size(visit.state.switches)
        first = rows[(visit.query.number("page", 1) - 1) * size]
        visit.world.touch(first.id, visit.present.now)
    return answer


def lead(visit: Visit) -> Response:
    """``GET /leads/{id}``."""
    found = visit.present.lead(visit.request.path_params["lead_id"])
    if found is None or (found.is_deleted and "only_deleted" not in visit.query.with_):
        return missing(visit)
    base = visit.base
    return hal(rendered(found, visit.world.company, visit.query.with_, base))


def missing(visit: Visit) -> Response:
    """The answer for a single entity that is not there."""
    return empty() if visit.state.switches["amocrm_missing_as_204"] else problem(404, "Not found")


def _links(lead: Lead, visit: Visit) -> list[dict[str, Any]]:
    wanted, kind = visit.query.numbers("to_entity_id"), visit.query.values("to_entity_type")
    if (wanted is None) != (kind is None):
        raise BadQuery("filter[to_entity_id] and filter[to_entity_type] come together")
    return [
        {
            "entity_id": lead.id,
            "entity_type": "leads",
            "to_entity_id": contact_id,
            "to_entity_type": "contacts",
            "metadata": {"main_contact": place == 0},
        }
        for place, contact_id in enumerate(lead.contact_ids)
        if (wanted is None or contact_id in wanted) and (kind is None or "contacts" in kind)
    ]


def links(visit: Visit) -> Response:
    """``GET /leads/{id}/links``."""
    found = visit.present.lead(visit.request.path_params["lead_id"])
    if found is None:
        return missing(visit)
    rows = _links(found, visit)
    if not rows:
        return empty()
    shown = [
        {key: row[key] for key in ("to_entity_id", "to_entity_type", "metadata")} for row in rows
    ]
    here = f"{visit.base}/api/v4/leads/{found.id}/links"
    return hal(
        {
            "_total_items": len(shown),
            "_links": {"self": {"href": here}},
            "_embedded": {"links": shown},
        }
    )


def all_links(visit: Visit) -> Response:
    """``GET /leads/links?filter[entity_id][]=…``."""
    wanted = visit.query.numbers("entity_id", is_address=True)
    if not wanted:
        raise BadQuery("filter[entity_id] is required")
    known = [visit.present.lead(lead_id) for lead_id in sorted(wanted)]
    rows = [row for found in known if found for row in _links(found, visit)]
    if not rows:
        return empty()
    here = f"{visit.base}/api/v4/leads/links"
    return hal(
        {
            "_total_items": len(rows),
            "_links": {"self": {"href": here}},
            "_embedded": {"links": rows},
        }
    )
