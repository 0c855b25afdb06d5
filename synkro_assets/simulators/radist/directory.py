"""Radist's reference data: the user, companies, connections, chat sources.

Lives here: what changes seldom. Not here: contacts and messages (``feed``).
"""

from typing import Any

from starlette.responses import JSONResponse, Response

from synkro_assets.simulators.world.model import Connection

from .door import Visit


def _connection(connection: Connection) -> dict[str, Any]:
    return {
        "id": connection.id,
        "type": connection.type,
        "name": connection.name,
        "status": "connected",
        "params": {"phone": connection.phone},
    }


async def me(visit: Visit) -> Response:
    """``GET /users/me``."""
    owner = visit.world.company.managers[0]
    return JSONResponse({"id": owner.id, "email": owner.email, "name": owner.name})


async def companies(visit: Visit) -> Response:
    """``GET /companies/``."""
    company = visit.world.company
    rows = [{"id": company.company_id, "name": company.name}]
    return JSONResponse({"companies": rows, "count": len(rows)})


async def connections(visit: Visit) -> Response:
    """``GET …/connections/``."""
    rows = [_connection(connection) for connection in visit.world.company.connections]
    return JSONResponse({"connections": rows, "count": len(rows)})


async def connection(visit: Visit) -> Response:
    """``GET …/connections/{id}``."""
    for row in visit.world.company.connections:
        if row.id == visit.request.path_params["connection_id"]:
            return JSONResponse(_connection(row))
    return visit.refuse(404, "Connection not found")


async def sources(visit: Visit) -> Response:
    """``GET …/messaging/chats/sources/``: a bare list of what can start a chat."""
    return JSONResponse(
        [
            {"connection_id": row.id, "type": row.type, "name": row.name}
            for row in visit.world.company.connections
            if row.type != "amocrm"
        ]
    )
