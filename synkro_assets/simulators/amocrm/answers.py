"""amoCRM's response documents.

Lives here: HAL documents, problem documents, the empty answer. Not here: what is in them.
"""

import json
from typing import Any

import orjson
from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response

# Here a token alone says whose account is meant; ``SHARED/accounts/TENANT`` is one account's own.
SHARED = "/amocrm"

BLOCKED = "requests from this address are blocked"
UNPAID = "The account is not paid"

TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    402: "Payment Required",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    414: "Request-URI Too Long",
    429: "Too Many Requests",
}


def origin(request: Request) -> str:
    """The account's address as the client wrote it."""
    where = f"{request.url.scheme}://{request.url.netloc}{SHARED}"
    account = named_account(request)
    return where if account is None else f"{where}/accounts/{account}"


def named_account(request: Request) -> str | None:
    """Whose address it is; ``None`` for the one that stands for any account."""
    account: str | None = request.path_params.get("account")
    return account


def hal(document: dict[str, Any]) -> Response:
    """A successful document."""
    try:
        body = orjson.dumps(document)
    except orjson.JSONEncodeError:
        # A number of more than 64 bits, as poison records have.
        body = to_json(document)
    return Response(body, media_type="application/hal+json")


def empty() -> Response:
    """Nothing found: 204 without a body."""
    return Response(status_code=204)


def problem(status: int, detail: str, headers: dict[str, str] | None = None) -> Response:
    """A refusal."""
    document = {
        "title": TITLES.get(status, "Error"),
        "type": f"https://httpstatus.es/{status}",
        "status": status,
        "detail": detail,
    }
    body = json.dumps(document, ensure_ascii=False)
    return Response(body, status, headers, media_type="application/problem+json")
