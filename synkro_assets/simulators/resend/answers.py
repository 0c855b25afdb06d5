"""Resend's refusals.

Lives here: their shape. Not here: when to refuse.
"""

from starlette.responses import JSONResponse, Response


def refusal(
    status: int, name: str, message: str, headers: dict[str, str] | None = None
) -> Response:
    """An error answer."""
    return JSONResponse({"statusCode": status, "name": name, "message": message}, status, headers)
