"""Reading and answering control requests.

Lives here: JSON bodies in, JSON or a named error out. Not here: what the requests do.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response


class Refused(ValueError):
    """A control request that cannot be done; becomes a JSON error."""

    def __init__(self, message: str, status: int = 400, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.more = more


async def body_of(request: Request) -> dict[str, Any]:
    """The request's JSON object."""
    try:
        document = await request.json()
    except ValueError as error:
        raise Refused(f"the body must be JSON: {error}") from error
    if not isinstance(document, dict):
        raise Refused("the body must be a JSON object")
    return document


Endpoint = Callable[[Request], Awaitable[Response]]


def forgiving(endpoint: Endpoint) -> Endpoint:
    """The endpoint with ``Refused`` turned into a JSON error."""

    async def wrapped(request: Request) -> Response:
        try:
            return await endpoint(request)
        except Refused as error:
            return JSONResponse({"error": str(error), **error.more}, error.status)

    return wrapped
