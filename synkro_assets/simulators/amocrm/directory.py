"""amoCRM's reference data: account, users, pipelines, loss reasons.

Lives here: what changes seldom. Not here: leads, contacts, events.
"""

from typing import Any

from starlette.responses import Response

from synkro_assets.simulators.world.model import Company, Manager, Pipeline

from .answers import hal
from .door import Visit
from .leads import missing, reason_shown, unix
from .query import page_of


def account(visit: Visit) -> Response:
    """``GET /account``."""
    company, with_ = visit.world.company, visit.query.with_
    base = visit.base
    document: dict[str, Any] = {
        "id": company.account_id,
        "name": company.name,
        "subdomain": company.tenant,
        "created_at": unix(company.loss_reasons[0].created_at),
        "created_by": 0,
        "updated_at": unix(company.loss_reasons[0].created_at),
        "updated_by": 0,
        "current_user_id": company.managers[0].id,
        "country": company.region,
        "currency": company.currency,
        "currency_symbol": company.currency,
        "is_unsorted_on": True,
        "is_loss_reason_enabled": True,
        "_links": {"self": {"href": f"{base}/api/v4/account"}},
        "_embedded": {},
    }
    if "amojo_id" in with_:
        document["amojo_id"] = f"{company.account_id:032x}"
    if "version" in with_:
        document["version"] = 11
    if "is_api_filter_enabled" in with_:
        document["is_api_filter_enabled"] = visit.query.is_filtering
    if "datetime_settings" in with_:
        document["_embedded"]["datetime_settings"] = {"timezone": company.timezone}
    if "users_groups" in with_:
        document["_embedded"]["users_groups"] = [{"id": 0, "name": "Отдел продаж", "uuid": None}]
    if "task_types" in with_:
        document["_embedded"]["task_types"] = [{"id": 1, "name": "Связаться", "code": "FOLLOW_UP"}]
    return hal(document)


def _user(manager: Manager, company: Company, base: str) -> dict[str, Any]:
    every = dict.fromkeys(("view", "edit", "add", "delete", "export"), "A")
    own = {**every, "delete": "D", "export": "M"}
    rights = every if manager.is_admin else own
    return {
        "id": manager.id,
        "name": manager.name,
        "email": manager.email,
        "lang": company.language,
        "rights": {
            "leads": rights,
            "contacts": rights,
            "companies": rights,
            "tasks": {"edit": "A", "delete": "A"},
            "mail_access": False,
            "catalog_access": True,
            "status_rights": [],
            "is_admin": manager.is_admin,
            "is_free": False,
            "is_active": manager.is_active,
            "group_id": None,
            "role_id": None,
        },
        "_links": {"self": {"href": f"{base}/api/v4/users/{manager.id}"}},
        "_embedded": {"roles": [], "groups": []},
    }


def users(visit: Visit) -> Response:
    """``GET /users``."""
    company, base = visit.world.company, visit.base
    return page_of(
        visit.request,
        visit.query,
        visit.state.switches,
        company.managers,
        "users",
        lambda manager: _user(manager, company, base),
        has_totals=True,
    )


def user(visit: Visit) -> Response:
    """``GET /users/{id}``."""
    company, wanted = visit.world.company, visit.request.path_params["user_id"]
    for manager in company.managers:
        if manager.id == wanted:
            return hal(_user(manager, company, visit.base))
    return missing(visit)


def _statuses(pipeline: Pipeline, company: Company, base: str) -> list[dict[str, Any]]:
    here = f"{base}/api/v4/leads/pipelines/{pipeline.id}/statuses"
    return [
        {
            "id": s.id,
            "name": s.name,
            "sort": s.sort,
            "is_editable": s.id not in (142, 143) and s.type == 0,
            "pipeline_id": pipeline.id,
            "color": s.color,
            "type": s.type,
            "account_id": company.account_id,
            "_links": {"self": {"href": f"{here}/{s.id}"}},
        }
        for s in pipeline.statuses
    ]


def _pipeline(pipeline: Pipeline, company: Company, base: str) -> dict[str, Any]:
    return {
        "id": pipeline.id,
        "name": pipeline.name,
        "sort": pipeline.sort,
        "is_main": pipeline.is_main,
        "is_unsorted_on": True,
        "is_archive": False,
        "account_id": company.account_id,
        "_links": {"self": {"href": f"{base}/api/v4/leads/pipelines/{pipeline.id}"}},
        "_embedded": {"statuses": _statuses(pipeline, company, base)},
    }


def _whole(visit: Visit, path: str, entity: str, rows: list[dict[str, Any]]) -> Response:
    here = f"{visit.base}/api/v4/{path}"
    return hal({"_total_items": len(rows), "_links": {"self": {"href": here}},
                "_embedded": {entity: rows}})  # fmt: skip


def pipelines(visit: Visit) -> Response:
    """``GET /leads/pipelines``."""
    company, base = visit.world.company, visit.base
    rows = [_pipeline(pipeline, company, base) for pipeline in company.pipelines]
    return _whole(visit, "leads/pipelines", "pipelines", rows)


def pipeline(visit: Visit) -> Response:
    """``GET /leads/pipelines/{id}``."""
    found = _find(visit)
    if found is None:
        return missing(visit)
    return hal(_pipeline(found, visit.world.company, visit.base))


def statuses(visit: Visit) -> Response:
    """``GET /leads/pipelines/{id}/statuses``."""
    found = _find(visit)
    if found is None:
        return missing(visit)
    rows = _statuses(found, visit.world.company, visit.base)
    return _whole(visit, f"leads/pipelines/{found.id}/statuses", "statuses", rows)


def _find(visit: Visit) -> Pipeline | None:
    wanted = visit.request.path_params["pipeline_id"]
    return next((p for p in visit.world.company.pipelines if p.id == wanted), None)


def loss_reasons(visit: Visit) -> Response:
    """``GET /leads/loss_reasons``."""
    base = visit.base
    rows = [reason_shown(reason, base) for reason in visit.world.company.loss_reasons]
    return _whole(visit, "leads/loss_reasons", "loss_reasons", rows)
